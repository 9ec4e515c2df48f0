from __future__ import annotations

import math

import pytest
from hypothesis import given, settings, strategies as st

from index.readers.sheets.number_format import BUILTIN, format_number, plain_number
from tests.sizes import examples, size


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1234.5, "General", "1234.5"),
        (0.1 + 0.2, "General", "0.3"),
        (1 / 3, "General", "0.3333333333"),
        (3.0, "General", "3"),
        (1e20, "General", "1E+20"),
        (12345678901.25, "General", "12345678901.25"),
        (1234.5, "0", "1235"),
        (1234.5, "0.00", "1234.50"),
        (2.675, "0.00", "2.68"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (0.256, "0%", "26%"),
        (0.256, "0.0%", "25.6%"),
        (-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"),
        (-1234.5, "#,##0.00", "-1,234.50"),
        (1234.5, '"$"#,##0.00', "$1,234.50"),
        (1234.5, r"[$€-407]\ #,##0.00", "€ 1,234.50"),
        (-3, r"#,##0.00\ [$€-1];[Red]\-#,##0.00\ [$€-1]", "-3.00 €"),
        (12.0, '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)', "$12.00"),
        (0, '0.00;-0.00;"none"', "none"),
        (5, ";;;", ""),
        (7, '0" km"', "7 km"),
        (1234, "00000", "01234"),
        (1.5, "0.##", "1.5"),
        (1.0, "0.##", "1"),
        (0.5, "#.00", ".50"),
        (2_500_000, '0.0,,"M"', "2.5M"),
        (2_500_000, '0,,"M"', "3M"),
        (1.02, '[>999999]#,,"M";[>999]#,"K";0.0', "1.0"),
        (10_210, '[>999999]#,,"M";[>999]#,"K";0.0', "10K"),
        (2_000_000, '[>999999]#,,"M";[>999]#,"K";0.0', "2M"),
        (-1.5, "[<=1]0.0;0.00", "-1.5"),
        (-1.5, "[<0](0.0);0.00", "(1.5)"),
        (5, "[ = 1 ]0;[<> 5]0", "5"),
        (7, '[<5]"few";[>=7.0]"many"', "many"),
        (12345, "0.00E+00", "1.23E+04"),
        (0.75, "# ?/?", "0.75"),
        (5551234567, "(000) 000-0000", "5551234567"),
        (5, "@", "5"),
        (45356, "yyyy-mm-dd", "2024-03-05"),
        (45356, "d. mmmm yyyy", "2024-03-05"),
        (45356.75, "dd/mm/yyyy hh:mm", "2024-03-05 18:00"),
        (45356, "mmm-yy", "2024-03"),
        (45356, "yyyy", "2024"),
        (0.5, "h:mm AM/PM", "12:00"),
        (0.500011574, "hh:mm:ss", "12:00:01"),
        (1.5, "[h]:mm", "36:00"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (59, "yyyy-mm-dd", "1900-02-28"),
        (61, "yyyy-mm-dd", "1900-03-01"),
        (-1, "yyyy-mm-dd", "-1"),
        (1e9, "yyyy-mm-dd", "1000000000"),
        (45356, '[$-409]mmmm d", "yyyy', "2024-03-05"),
    ],
)
def test_numbers_are_formatted_as_cells_show_them(value: float, code: str, shown: str) -> None:
    assert format_number(value, code) == shown


def test_workbooks_of_old_macintoshes_count_days_from_1904() -> None:
    assert format_number(43894, "yyyy-mm-dd", date1904=True) == "2024-03-05"


@settings(max_examples=examples(500))
@given(
    st.floats(),
    st.sampled_from(sorted(BUILTIN.values())) | st.text('0#?.,;%"\\[]$-dmyhs@_*E+x General/', max_size=30),
)
def test_any_code_gives_a_string(value: float, code: str) -> None:
    assert isinstance(format_number(value, code), str)


@given(st.floats(-1e300, 1e300))
def test_a_plain_number_has_ten_digits(value: float) -> None:
    assert math.isclose(float(plain_number(value)), value, rel_tol=1e-9)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("unit", ['"', "[", "\\", ";", "0.", "_", "[$", "d"])
def test_endless_codes_take_bounded_time(unit: str) -> None:
    format_number(1.5, unit * size(1_000_000))
