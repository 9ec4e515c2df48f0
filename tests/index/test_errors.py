import inspect
import re

from index import errors


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn: list[tuple[str, str | None]] = []
    path: list[str] = []
    for line in inspect.getdoc(errors).splitlines():  # type: ignore[union-attr]
        if match := re.fullmatch(r" {4}((?:[│ ]   )*(?:[├└]── )?)([A-Z]\w+)", line):
            depth = len(match[1]) // 4
            path[depth:] = [match[2]]
            drawn.append((match[2], path[depth - 1] if depth else None))
    classes = [
        (cls.__name__, None if cls is errors.LoccitError else cls.__bases__[0].__name__)
        for cls in vars(errors).values()
        if inspect.isclass(cls) and issubclass(cls, errors.LoccitError)
    ]
    assert drawn == classes


def test_codes_are_distinct() -> None:
    codes = [cls.code for cls in vars(errors).values() if inspect.isclass(cls) and hasattr(cls, "code")]
    assert len(codes) == len(set(codes)) > 20
