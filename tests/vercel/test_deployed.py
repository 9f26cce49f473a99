"""The address in what `vercel deploy` printed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.vercel.deployed import hosts_of


def test_the_address_is_found_among_what_else_is_printed():
    output = "\x1b[2mVercel CLI 60.0.0\x1b[22m\nInspect: https://vercel.com/acme/shop/8Ct4b [2s]\n"
    output += "Production: \x1b[1mhttps://shop-8ct4b-acme.vercel.app\x1b[22m [9s]\nhttps://shop-8ct4b-acme.vercel.app"
    assert hosts_of(output) == ("shop-8ct4b-acme.vercel.app",)


def test_addresses_that_only_look_like_one_are_none():
    for text in (
        "https://shop.vercel.app.evil.example",
        "http://shop.vercel.app",
        "https://vercel.com/a",
        "shop.vercel.app",
    ):
        assert hosts_of(text) == (), text


@given(
    st.text(max_size=200), st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True), st.text(max_size=50)
)
def test_whatever_stands_around_it_on_other_lines_it_is_found(before, name, after):
    assert f"{name}.vercel.app" in hosts_of(f"{before}\nhttps://{name}.vercel.app\n{after}")
