import inspect
import pickle
import re
from copy import copy

from index import errors


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn: dict[str, str | None] = {}
    path: list[str] = []
    for line in inspect.getdoc(errors).splitlines():  # type: ignore[union-attr]
        if match := re.fullmatch(r" {4}((?:[│ ]   )*(?:[├└]── )?)([A-Z]\w+)", line):
            depth = len(match[1]) // 4
            path[depth:] = [match[2]]
            drawn[match[2]] = path[depth - 1] if depth else None
    classes = {
        cls.__name__: None if cls is errors.LoccitError else cls.__bases__[0].__name__
        for cls in vars(errors).values()
        if inspect.isclass(cls) and issubclass(cls, errors.LoccitError)
    }
    assert drawn == classes


def test_the_door_has_every_error() -> None:
    below = [errors.LoccitError]
    for kind in below:
        below += [
            one for one in kind.__subclasses__() if f"{one.__module__}.".startswith(f"{errors.__name__}.")
        ]
    assert {one.__name__ for one in below} == set(errors.__all__)


def test_errors_are_copied_and_pickled() -> None:
    for name in errors.__all__:
        error = getattr(errors, name)("The words.")
        for again in (copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 - our own bytes
            assert type(again) is type(error)
            assert vars(again) == vars(error)


def test_the_code_is_the_name_of_the_class_unless_it_has_another() -> None:
    assert errors.ChangeNotKept.code == "change_not_kept"
    assert errors.Unreadable.code == "unreadable_document"
    assert errors.UnsupportedFormat.code == "unsupported_format"


def test_codes_are_distinct() -> None:
    codes = [cls.code for cls in vars(errors).values() if inspect.isclass(cls) and hasattr(cls, "code")]
    assert len(codes) == len(set(codes)) > 20
