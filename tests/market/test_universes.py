import pytest

from include.market.sources.sample import SampleSource, sample_sessions
from include.market.symbols import normalize_ticker
from include.market.universes import UNIVERSES, universe
from include.model.bars import Bars
from include.model.errors import InvalidRequestError


@pytest.mark.parametrize("name", UNIVERSES)
def test_a_universe_has_distinct_well_formed_tickers_and_says_what_it_is(name: str) -> None:
    tickers = universe(name)
    assert tickers
    assert len(set(tickers)) == len(tickers)
    assert [normalize_ticker(ticker) for ticker in tickers] == list(tickers)
    assert UNIVERSES[name].title
    assert UNIVERSES[name].description


def test_the_sample_is_all_524_stocks() -> None:
    assert len(universe("sample")) == 524


def test_the_leaders_are_complete_and_none_jumps_by_a_third_in_a_day() -> None:
    leaders = SampleSource().fetch(dict.fromkeys(universe("sample_leaders")), 750)
    assert len(leaders) == 42
    for bars in leaders.values():
        assert isinstance(bars, Bars)
        assert bars.sessions.tolist() == sample_sessions().tolist()
        assert abs(bars.close[1:] / bars.close[:-1] - 1).max() < 0.33


def test_an_unknown_universe_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidRequestError, match="sample, sample_leaders") as caught:
        universe("sp5000")
    assert [problem.field for problem in caught.value.problems] == ["universe"]
