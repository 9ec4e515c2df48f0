from service.flows.ask.asking import ReadingTime


def test_a_question_that_is_asked_alone_is_always_read() -> None:
    time = ReadingTime()
    for _ in range(10):
        assert time.may_read(1)
        time.note(60_000.0)


def test_all_questions_of_some_tens_of_people_are_read() -> None:
    time = ReadingTime()
    assert time.may_read(200), "no time is known yet"
    for _ in range(100):
        time.note(50.0)
    assert time.may_read(40)


def test_questions_are_answered_unread_where_reading_all_would_take_seconds() -> None:
    time = ReadingTime()
    for _ in range(100):
        time.note(50.0)
    assert not time.may_read(80)
    for _ in range(100):
        time.note(5.0)
    assert time.may_read(80), "it has become quicker"


def test_one_slow_question_changes_little() -> None:
    time = ReadingTime()
    for _ in range(10):
        time.note(50.0)
    time.note(200.0)
    assert time.may_read(30)


def test_a_slow_start_keeps_nobody_unread_for_long() -> None:
    time = ReadingTime()
    time.note(10_000.0)
    assert time.may_read(2)
    assert [time.may_read(8) for _ in range(12)][-1]


def test_where_all_are_unread_some_are_read_again() -> None:
    time = ReadingTime()
    for _ in range(100):
        time.note(500.0)
    assert not time.may_read(20)
    assert any(time.may_read(20) for _ in range(30))
