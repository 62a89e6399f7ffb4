"""Personal data is told by check digits and context, and only the classes that are asked for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra_lsp.trust.identity import NATIONAL, iban, luhn
from orchestra_lsp.trust.mask import Vault, mask_text, unmask
from orchestra_lsp.trust.personal import CLASSES, find

#: Numbers published as examples of their kind by standards and agencies.
ONES = (
    *(("email", "jane.doe@corp-mail.de"), ("phone", "+49 30 1234567"), ("phone", "(415) 555-2671"), ("phone", "+1-202-555-0143")),
    *(
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("iban", "GB82WEST12345698765432"),
        ("card", "4012 8888 8888 1881"),
        ("card", "378282246310005"),
    ),
    *(("national_id", "078-05-1120"), ("national_id", "AB123456C"), ("national_id", "12345678Z"), ("national_id", "1 84 12 76 451 089 46")),
    *(("national_id", "86 095 742 719"), ("national_id", "44051401359"), ("national_id", "811228-9874"), ("national_id", "131052-308T")),
    *(("national_id", "529.982.247-25"), ("national_id", "2345 6789 0124"), ("national_id", "756.9217.0769.85")),
    *(("national_id", "11010519491231002X"), ("national_id", "RSSMRA85T10A562S")),
    *(
        ("internal_host", "10.1.2.3"),
        ("internal_host", "192.168.0.1"),
        ("internal_host", "172.16.9.9"),
        ("internal_host", "db-1.prod.internal"),
    ),
)
NONE = (
    *(
        "a@example.com",
        "git@github.com:a/b.git",
        "Author: Jane <jane@corp-mail.de>",
        "12345+me@users.noreply.github.com",
        "@decorator.name",
        "numpy@1.2.3",
    ),
    *(
        "DE89 3704 0044 0532 0130 01",
        "4012 8888 8888 1882",
        "000-12-3456",
        "12345678A",
        "86 095 742 718",
        "44051401358",
        "10.300.1.1",
        "8.8.8.8",
        "172.40.1.1",
    ),
    *("2024-05-17 12:30:45", "1.2.3.4", "0xDEADBEEF", "1234567890123456", "version 10.1.2", "+1", "a.internally"),
)


@pytest.mark.parametrize(("kind", "value"), ONES)
def test_found_and_restored(kind: str, value: str) -> None:
    text = f"x = '{value}' # \u00e9\n"
    assert [(one.kind, text[one.start : one.end]) for one in find(text, CLASSES)] == [(kind, value)]
    vault = Vault()
    masked = mask_text(text, "u", vault, personal=(kind,))
    assert value not in masked
    assert unmask(masked, "u", vault).text == text
    others = tuple(name for name in CLASSES if name != kind)
    assert mask_text(text, "u", vault, personal=others) == text
    assert mask_text(text, "u", vault) == text


@pytest.mark.parametrize("text", NONE)
def test_left_alone(text: str) -> None:
    assert find(text, CLASSES) == ()


def test_an_unknown_class_is_named() -> None:
    with pytest.raises(ValueError, match="shoe_size"):
        find("x", ("shoe_size",))


@settings(max_examples=60, deadline=None)
@given(st.data())
@pytest.mark.parametrize("pattern", NATIONAL)
def test_checks_take_whatever_their_pattern_lets_through(pattern: str, data: st.DataObject) -> None:
    value = data.draw(st.from_regex(pattern, fullmatch=True, alphabet=st.characters(max_codepoint=127)))
    assert isinstance(find(value, ("national_id",)), tuple)


@given(st.text("0123456789", min_size=2, max_size=20), st.integers(0, 18))
def test_one_wrong_digit_is_noticed(digits: str, at: int) -> None:
    number = next(digits + check for check in "0123456789" if luhn(digits + check))
    at %= len(number)
    wrong = number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]
    assert not luhn(wrong)


@given(st.text("0123456789", min_size=18, max_size=18))
def test_iban_check_digits(account: str) -> None:
    right = [f"DE{check:02}{account}" for check in range(2, 99) if iban(f"DE{check:02}{account}")]
    assert len(right) == 1
