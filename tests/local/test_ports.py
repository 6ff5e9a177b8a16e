"""Ports: the wanted one when it is free and nobody else is about to take it."""

import socket

import pytest

from local import ports


@pytest.fixture
def taken() -> int:
    return ports.free_port()


def test_a_port_in_use_is_not_free(taken: int) -> None:
    with socket.create_server(("127.0.0.1", taken)):
        assert not ports.is_free(taken)
        assert ports.free_port(taken) != taken
    assert ports.free_port(taken) == taken


def test_the_next_free_port_is_claimed(taken: int) -> None:
    with socket.create_server(("127.0.0.1", taken)), ports.claimed() as claim:
        assert claim(taken) > taken


@pytest.mark.on_linux
def test_two_starts_at_once_do_not_choose_the_same_port(taken: int) -> None:
    with ports.claimed() as first, ports.claimed() as second:
        assert first(taken) != second(taken)


def test_a_claim_ends_with_its_block(taken: int) -> None:
    with ports.claimed() as claim:
        first = claim(taken)
    with ports.claimed() as claim:
        assert claim(taken) == first


@pytest.mark.on_linux
def test_a_port_whose_server_starts_again_is_chosen_by_nobody_meanwhile(taken: int) -> None:
    with ports.kept(taken), ports.claimed() as claim:
        assert claim(taken) != taken
    with ports.claimed() as claim:
        assert claim(taken) == taken
