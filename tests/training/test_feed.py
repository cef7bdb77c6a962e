from __future__ import annotations

from superxception_jax.training.feed import ahead


def test_the_next_item_is_asked_for_before_one_is_used():
    events = []

    def items():
        for number in range(3):
            events.append(f"made {number}")
            yield number

    for number in ahead(items(), count=2):
        events.append(f"used {number}")
    assert events == ["made 0", "made 1", "used 0", "made 2", "used 1", "used 2"]
