from service.flows.ask.asking import ReadingShare


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_question_that_is_asked_alone_is_always_read() -> None:
    share = ReadingShare(Clock())
    for _ in range(10):
        assert share.may_read(1)
        share.note(500.0)


def test_while_several_are_asked_reading_takes_a_share_of_the_time() -> None:
    clock = Clock()
    share, read, began = ReadingShare(clock), 0.0, clock.now
    while clock.now < began + 10:
        if share.may_read(8):
            clock.now += 0.03
            read += 0.03
            share.note(30.0)
        else:
            clock.now += 0.001
    assert 0.13 < read / (clock.now - began) < 0.17
