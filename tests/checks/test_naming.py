"""A resolver that lies fails the line, one that is silent or garbles keeps it from passing, whatever the others say."""

import asyncio

import dns.message
import pytest

from golive.adapters.checks.naming import KNOWN, place
from golive.core.errors import PlanError
from golive.core.phases import CheckUse
from golive.ports import Result


class Answering(asyncio.DatagramProtocol):
    def __init__(self, answer):
        self.answer = answer

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        said = self.answer(dns.message.from_wire(data))
        if said is not None:
            self.transport.sendto(said, addr)


async def resolver(answer):
    made = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Answering(answer), local_addr=("127.0.0.1", 0)
    )
    return "{}:{}".format(*made[0].get_extra_info("sockname"))


def saying(kind, text):
    def answer(question):
        response = dns.message.make_response(question)
        response.answer.append(dns.rrset.from_text(question.question[0].name, 60, "IN", kind, text))
        return response.to_wire()

    return answer


async def look(around, *resolvers, kind="A", expected=("127.0.0.1",), names=("sandbox.example",)):
    settings = {"names": list(names), "expected": list(expected), "kind": kind, "resolvers": list(resolvers)}
    return await around.look(CheckUse(check="resolves", settings=settings))


async def test_a_name_that_is_not_there_fails(around):
    finding = await look(around, around.world["resolver"], names=["sandbox.example", "nowhere.example"])

    assert finding.result is Result.FAIL
    assert "nowhere.example" in finding.seen and "no such record" in finding.seen and finding.then


async def test_addresses_and_names_are_compared_by_what_they_mean(around):
    longest = await look(
        around, await resolver(saying("AAAA", "2001:db8::1")), kind="AAAA", expected=["2001:0DB8:0:0:0:0:0:1"]
    )
    alias = await look(
        around,
        await resolver(saying("CNAME", "CNAME.vercel-dns.example.")),
        kind="CNAME",
        expected=["cname.vercel-dns.example"],
    )

    assert (longest.result, alias.result) == (Result.PASS, Result.PASS)


async def test_an_address_more_than_expected_fails_and_fewer_do_not(around):
    def two(question):
        response = dns.message.make_response(question)
        rrset = dns.rrset.from_text(question.question[0].name, 60, "IN", "A", "127.0.0.1", "127.0.0.2")
        response.answer.append(rrset)
        return response.to_wire()

    address = await resolver(two)
    assert (await look(around, address)).result is Result.FAIL
    assert (await look(around, address, expected=["127.0.0.1", "127.0.0.2", "127.0.0.3"])).result is Result.PASS


@pytest.mark.parametrize("garbage", [b"", b"\xff" * 600, b"<html>"])
async def test_garbage_is_no_answer_and_no_pass(around, garbage):
    finding = await look(around, around.world["resolver"], await resolver(lambda question: garbage))

    assert finding.result is Result.COULD_NOT_MEASURE and finding.then


async def test_a_resolver_that_lies_weighs_more_than_one_that_is_silent(around):
    lying, silent = await resolver(saying("A", "203.0.113.9")), await resolver(lambda question: None)
    finding = await look(around, silent, lying)

    assert finding.result is Result.FAIL and "203.0.113.9" in finding.seen


async def test_nobody_there_is_no_answer(around):
    finding = await look(around, "127.0.0.1:1")

    assert finding.result is Result.COULD_NOT_MEASURE


@pytest.mark.parametrize("resolver", ["dns.example", "127.0.0.1:many", "127.0.0.1:70000", "[::1]:x", ""])
def test_a_resolver_that_is_no_address_is_refused_before_anything_starts(resolver):
    settings = {"names": ["a.example"], "expected": ["127.0.0.1"], "resolvers": [resolver]}

    with pytest.raises(PlanError, match="resolver"):
        KNOWN["resolves"].checked(CheckUse(check="resolves", settings=settings))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("9.9.9.9", ("9.9.9.9", 53)),
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("2620:fe::fe", ("2620:fe::fe", 53)),
        ("[::1]:5353", ("::1", 5353)),
        ("[::1]", ("::1", 53)),
    ],
)
def test_a_resolver_may_have_a_port(said, meant):
    assert place(said) == meant
