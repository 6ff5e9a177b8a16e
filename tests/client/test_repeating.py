"""What is asked again, and what is not: a request is done once, whatever is lost on the way."""

from uuid import UUID

import pytest

from include.client import ApiError, BadInputError, Client, NoAnswerError, UnexpectedAnswerError
from tests.client.said import JOB_ID, SUBMISSION, view
from tests.client.server import API, LOGIN, Server, Step, answer, cut_answer, page, refuse, reset

JOBS = f"{API}/jobs"
AWAY = refuse(503, "UNAVAILABLE", "the database is away; try again", Retry_After="7")


def test_a_request_gets_an_id_of_its_own_and_each_another(server: Server, client: Client) -> None:
    server.will("POST", JOBS, answer(SUBMISSION, 201))
    for _ in range(2):
        assert client.submit(tickers=["IBM", "JPM"], capital=50_000).job_id == JOB_ID
    first, second = [UUID(asked.body["request_id"]) for asked in server.of(JOBS)]
    assert first != second
    assert server.of(JOBS)[0].body == {"tickers": ["IBM", "JPM"], "capital": 50_000, "request_id": str(first)}


@pytest.mark.parametrize("lost", [reset, cut_answer(SUBMISSION), AWAY])
def test_a_lost_answer_is_asked_for_again_with_the_same_id(
    server: Server, client: Client, pauses: list[float], lost: Step
) -> None:
    server.will("POST", JOBS, lost, lost, answer(SUBMISSION, 201))
    assert client.submit(tickers=["IBM"]).job_id == JOB_ID
    bodies = [asked.body for asked in server.of(JOBS)]
    assert len(bodies) == 3
    assert bodies[0] == bodies[1] == bodies[2]
    assert len(pauses) == 2


def test_the_id_of_the_caller_is_kept(server: Server, client: Client, pauses: list[float]) -> None:
    server.will("POST", JOBS, reset, answer(SUBMISSION, 201))
    client.submit(request_id="mine")
    assert [asked.body["request_id"] for asked in server.of(JOBS)] == ["mine", "mine"]


def test_the_pause_is_as_long_as_the_server_asks_for(server: Server, client: Client, pauses: list[float]) -> None:
    server.will("POST", JOBS, AWAY, answer(SUBMISSION, 201))
    client.submit()
    assert pauses[0] >= 7


def test_a_pause_may_be_asked_for_by_a_date(server: Server, client: Client, pauses: list[float]) -> None:
    past = refuse(503, "UNAVAILABLE", "away", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")
    server.will("POST", JOBS, past, refuse(503, "UNAVAILABLE", "away", Retry_After="soon"), answer(SUBMISSION, 201))
    client.submit()
    assert all(0 <= pause < 5 for pause in pauses)


def test_who_asks_for_more_patience_than_there_is_gets_none(server: Server, pauses: list[float]) -> None:
    server.will("GET", f"{API}/version", AWAY)
    with Client(server.url, token="ready", patience=5) as client, pytest.raises(ApiError) as refused:
        client.version()
    assert (refused.value.status, refused.value.retry_after, len(server.of(f"{API}/version"))) == (503, 7, 1)
    assert pauses == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 429, 500, 502, 504])
def test_other_errors_are_not_asked_again(server: Server, status: int) -> None:
    server.will("POST", JOBS, refuse(status, "NO", "no", Retry_After="0"))
    with Client(server.url, token="ready") as client, pytest.raises(ApiError) as refused:
        client.submit()
    assert (refused.value.status, refused.value.code, str(refused.value)) == (status, "NO", "no")
    assert len(server.of(JOBS)) == 1


def test_what_is_not_the_same_when_done_twice_is_not_asked_again_when_it_may_be_done(
    server: Server, client: Client, pauses: list[float]
) -> None:
    path = f"{JOBS}/{JOB_ID}/retry-failed"
    server.will("POST", path, AWAY, reset, answer(SUBMISSION, 201))
    with pytest.raises(NoAnswerError):
        client.retry_failed(JOB_ID)
    assert len(server.of(path)) == 2


def test_no_server_at_all_is_asked_until_patience_ends(server: Server, pauses: list[float]) -> None:
    nobody = server.url.replace("127.0.0.1", "127.0.0.2")
    with Client(nobody, token="ready", patience=0.2) as client, pytest.raises(NoAnswerError) as lost:
        client.submit(request_id="mine")
    assert lost.value.request_id == "mine"
    assert nobody in str(lost.value)


def test_a_token_that_has_expired_is_renewed_once(server: Server, client: Client) -> None:
    expired = refuse(401, "UNAUTHORIZED", "Token Expired")
    server.will("GET", f"{JOBS}/{JOB_ID}", answer(view()), expired, answer(view()), expired, expired)
    client.job(JOB_ID)
    client.job(JOB_ID)
    used = [asked.headers["Authorization"] for asked in server.of(f"{JOBS}/{JOB_ID}")]
    assert used == ["Bearer first", "Bearer first", "Bearer second"]
    with pytest.raises(ApiError, match="Token Expired"):
        client.job(JOB_ID)
    assert len(server.of(LOGIN)) == 3
    assert server.of(LOGIN)[0].body == {"username": "ann", "password": "only-for-tests"}


def test_a_request_that_met_an_expired_token_is_sent_whole(server: Server, client: Client) -> None:
    server.will("POST", JOBS, answer(SUBMISSION, 201), refuse(401, "UNAUTHORIZED", "old"), answer(SUBMISSION, 201))
    client.submit()
    client.submit(tickers=["IBM"])
    _, refused, again = server.of(JOBS)
    assert refused.body == again.body


def test_a_ready_token_cannot_be_renewed(server: Server) -> None:
    server.will("GET", f"{API}/version", refuse(401, "UNAUTHORIZED", "Token Expired"))
    with Client(server.url, token="ready") as client, pytest.raises(ApiError, match="Token Expired"):
        client.version()
    assert server.of(LOGIN) == []


def test_a_wrong_password_is_told_as_such(server: Server, client: Client) -> None:
    server.will("POST", LOGIN, answer({"detail": "Invalid credentials"}, 401))
    with pytest.raises(ApiError, match="the user ann or the password is wrong") as refused:
        client.version()
    assert (refused.value.status, server.of(f"{API}/version")) == (401, [])


def test_a_login_that_is_away_is_asked_again(server: Server, client: Client, pauses: list[float]) -> None:
    server.will("POST", LOGIN, reset, answer({}, 503), answer({"access_token": "late"}, 201))
    server.will("POST", JOBS, answer(SUBMISSION, 201))
    client.submit()
    assert server.of(JOBS)[0].headers["Authorization"] == "Bearer late"


def test_who_has_neither_token_nor_password_is_no_client(server: Server) -> None:
    with pytest.raises(ValueError, match="a token, or a user and a password"):
        Client(server.url, user="ann")


def test_every_bad_field_is_told_by_name(server: Server, client: Client) -> None:
    details = [
        {"field": "capital", "value": -1, "reason": "must be > 0"},
        {"field": "guess", "value": 1, "reason": "there is no such field"},
    ]
    server.will("POST", JOBS, refuse(400, "VALIDATION_ERROR", "the request has bad fields", details))
    with pytest.raises(ApiError) as refused:
        client.submit(capital=-1)
    assert str(refused.value) == "capital: must be > 0 (got -1); guess: there is no such field (got 1)"
    assert [problem.field for problem in refused.value.details] == ["capital", "guess"]


def test_an_equal_job_that_refuses_is_named(server: Server, client: Client) -> None:
    details = [{"field": "on_duplicate", "value": "fail", "reason": "an equal job is active", "job_id": JOB_ID}]
    server.will("POST", JOBS, refuse(409, "CONFLICT", f"an equal job is active: {JOB_ID}", details))
    with pytest.raises(ApiError, match=r"^an equal job is active: 55bf") as refused:
        client.submit(on_duplicate="fail")
    assert refused.value.job_id == JOB_ID


def test_what_is_not_ready_is_no_error_and_not_asked_again(server: Server, client: Client) -> None:
    trouble = {"field": "scheduler", "value": "dead", "reason": "start it"}
    server.will("GET", f"{API}/health", refuse(503, "UNAVAILABLE", "not ready", [trouble], Retry_After="0"))
    found = client.health()
    assert (found.is_ready, found.status, found.troubles[0].field) == (False, "not ready", "scheduler")
    assert len(server.of(f"{API}/health")) == 1


@pytest.mark.parametrize("strange", [page("<html>It works!</html>"), answer([]), answer({"version": 1})])
def test_another_server_at_the_address_is_told(server: Server, client: Client, strange: Step) -> None:
    server.will("GET", f"{API}/version", strange)
    with pytest.raises(UnexpectedAnswerError, match="is not what this client knows"):
        client.version()


def test_an_error_in_another_shape_says_where_and_what(server: Server, client: Client) -> None:
    server.will("GET", f"{API}/version", page("<html>Bad gateway</html>", 502))
    with pytest.raises(ApiError, match=r"/api/stocks/version answers 502 Bad Gateway$"):
        client.version()
    server.will("GET", f"{API}/version", answer({}, 302, Location="/login"))
    with pytest.raises(UnexpectedAnswerError, match="leads to /login: is the address right"):
        client.version()


def test_what_would_lead_elsewhere_is_never_sent(server: Server, client: Client) -> None:
    for wrong in ("", ".", ".."):
        with pytest.raises(BadInputError):
            client.watchlists.remove(wrong, "banks")
    assert server.asked == []
    server.will("DELETE", f"{API}/watchlist/a%2F..%2Fb/X", answer({}, 204))
    client.watchlists.remove("X", "a/../b")


def test_a_list_is_read_page_after_page_and_no_further_than_wanted(server: Server, client: Client) -> None:
    pages = [answer({"items": [view(), view()], "next_cursor": "next"}), answer({"items": [view()]})]
    server.will("GET", JOBS, *pages)
    assert len(list(client.jobs(status="queued"))) == 3
    assert [asked.query for asked in server.of(JOBS)] == [
        {"status": ["queued"], "limit": ["500"]},
        {"status": ["queued"], "limit": ["500"], "cursor": ["next"]},
    ]
    server.will("GET", JOBS, *pages)
    assert len(list(client.jobs(2))) == 2
    assert len(server.of(JOBS)) == 3
