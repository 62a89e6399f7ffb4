"""Check digits of numbers that belong to a person: cards, accounts, national ids. Pure arithmetic; each takes digits and letters only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

_NINO_PREFIXES = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_IBAN_LENGTHS = {
    "NO": 15,
    "BE": 16,
    "DK": 18,
    "FI": 18,
    "NL": 18,
    "SI": 19,
    "AT": 20,
    "EE": 20,
    "LT": 20,
    "LU": 20,
    "CH": 21,
    "HR": 21,
    "LV": 21,
    "DE": 22,
    "GB": 22,
    "IE": 22,
    "BG": 22,
    "RS": 22,
    "ES": 24,
    "SE": 24,
    "SK": 24,
    "CZ": 24,
    "RO": 24,
    "PT": 25,
    "IS": 26,
    "TR": 26,
    "FR": 27,
    "GR": 27,
    "IT": 27,
    "CY": 28,
    "HU": 28,
    "PL": 28,
    "UA": 29,
    "MT": 31,
    "LI": 21,
    "MC": 27,
    "SM": 27,
    "AE": 23,
    "SA": 24,
    "IL": 23,
    "BR": 29,
    "PK": 24,
    "QA": 29,
    "KW": 30,
    "JO": 30,
    "GE": 22,
    "MD": 24,
    "AL": 28,
    "MK": 19,
    "BA": 20,
    "ME": 22,
    "XK": 20,
}
#: Issuer prefixes and lengths of the big card schemes (ISO/IEC 7812).
_CARDS: tuple[tuple[tuple[str, ...], tuple[int, ...]], ...] = (
    (("4",), (13, 16, 19)),
    (tuple(map(str, (*range(51, 56), *range(2221, 2721)))), (16,)),
    (("34", "37"), (15,)),
    (("6011", "65", *map(str, range(644, 650))), (16,)),
    (("36", "38", *map(str, range(300, 306))), (14,)),
    (tuple(map(str, range(3528, 3590))), (16,)),
)
_VERHOEFF_TURNS = (
    *("0123456789", "1576283094", "5803796142", "8916043527"),
    *("9453126870", "4286573901", "2793806415", "7046913258"),
)
_VERHOEFF_TABLE = (
    *("0123456789", "1234067895", "2340178956", "3401289567", "4012395678"),
    *("5987604321", "6598710432", "7659821043", "8765932104", "9876543210"),
)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def card(digits: str) -> bool:
    known = any(len(digits) in lengths and digits.startswith(prefixes) for prefixes, lengths in _CARDS)
    return known and len(set(digits)) > 3 and luhn(digits)


def iban(text: str) -> bool:
    """ISO 13616: the length of its country, and 1 modulo 97."""
    if _IBAN_LENGTHS.get(text[:2]) != len(text):
        return False
    moved = text[4:] + text[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


def weighted(digits: str, weights: Sequence[int], modulus: int) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % modulus


def us_ssn(digits: str) -> bool:
    """Has no check digit: only the ranges that are never given out are excluded."""
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000" and len(set(digits)) > 2


def uk_nino(text: str) -> bool:
    return text[:2] not in _NINO_PREFIXES and text[0] not in "DFIQUV" and text[1] not in "DFIOQUV"


def spanish_dni(text: str) -> bool:
    number = int(text[:-1].translate(str.maketrans("XYZ", "012")))
    return _DNI_LETTERS[number % 23] == text[-1]


def french_nir(text: str) -> bool:
    number = int(text[:13].replace("2A", "19").replace("2B", "18"))
    return 97 - number % 97 == int(text[13:])


def german_tax_id(digits: str) -> bool:
    """ISO/IEC 7064, MOD 11,10; one digit of the first ten comes two or three times."""
    if digits[0] == "0" or len(set(digits[:10])) not in (8, 9):
        return False
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def dutch_bsn(digits: str) -> bool:
    return len(set(digits)) > 2 and weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1), 11) == 0


def polish_pesel(digits: str) -> bool:
    month = int(digits[2:4]) % 20
    right_day = 1 <= month <= 12 and 1 <= int(digits[4:6]) <= 31
    return right_day and (10 - weighted(digits[:10], (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), 10)) % 10 == int(digits[10])


def swedish_id(digits: str) -> bool:
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) % 60 <= 31 and luhn(digits)


def finnish_id(text: str) -> bool:
    return "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(text[:-1].replace("A", "")) % 31] == text[-1]


def brazilian_cpf(digits: str) -> bool:
    first = weighted(digits, range(10, 1, -1), 11)
    second = weighted(digits, range(11, 1, -1), 11)
    wanted = tuple(0 if rest < 2 else 11 - rest for rest in (first, second))
    return len(set(digits)) > 2 and (int(digits[9]), int(digits[10])) == wanted


def indian_aadhaar(digits: str) -> bool:
    """Verhoeff's scheme; never starts with 0 or 1."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF_TABLE[check][int(_VERHOEFF_TURNS[place % 8][int(digit)])])
    return digits[0] > "1" and check == 0


def canadian_sin(digits: str) -> bool:
    return digits[0] not in "08" and len(set(digits)) > 2 and luhn(digits)


def swiss_ahv(digits: str) -> bool:
    """EAN-13 that starts with 756."""
    return digits.startswith("756") and (10 - weighted(digits[:12], (1, 3) * 6, 10)) % 10 == int(digits[12])


def chinese_id(text: str) -> bool:
    """GB 11643: ISO/IEC 7064, MOD 11-2."""
    right_day = 1 <= int(text[10:12]) <= 12 and 1 <= int(text[12:14]) <= 31 and text[6:8] in ("19", "20")
    return right_day and "10X98765432"[weighted(text[:17], [2 ** (17 - place) % 11 for place in range(17)], 11)] == text[17]


def italian_code(text: str) -> bool:
    odd = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, *_ITALIAN_LETTERS), strict=True))
    even = {character: int(character, 36) - (10 if character.isalpha() else 0) for character in odd}
    total = sum((odd if place % 2 == 0 else even)[character] for place, character in enumerate(text[:15]))
    return chr(ord("A") + total % 26) == text[15]


_ITALIAN_LETTERS = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)

#: Regex -> check of what is left without separators. Where the check is weak, separators are asked for.
NATIONAL: Mapping[str, Callable[[str], bool]] = {
    r"\d{3}-\d{2}-\d{4}": us_ssn,
    r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]": uk_nino,
    r"[XYZ\d]\d{7}-?[A-Z]": spanish_dni,
    r"[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}": french_nir,
    r"\d{2} \d{3} \d{3} \d{3}": german_tax_id,
    r"\d{4}\.\d{2}\.\d{3}": dutch_bsn,
    r"\d{11}": polish_pesel,
    r"\d{6}[-+]\d{4}": swedish_id,
    r"\d{6}[-+A]\d{3}[0-9A-Y]": finnish_id,
    r"\d{3}\.\d{3}\.\d{3}-\d{2}": brazilian_cpf,
    r"\d{4} \d{4} \d{4}": indian_aadhaar,
    r"\d{3} \d{3} \d{3}": canadian_sin,
    r"756\.?\d{4}\.?\d{4}\.?\d{2}": swiss_ahv,
    r"\d{17}[0-9X]": chinese_id,
    r"[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]": italian_code,
}
