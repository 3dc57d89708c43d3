import numpy as np

from surge.city.layout import layout


def test_the_map_has_as_many_zones_as_the_real_one() -> None:
    assert layout(7).zones.size == 260


def test_neighbours_are_told_in_both_directions() -> None:
    pairs = {tuple(pair) for pair in layout(7).neighbours.tolist()}
    assert pairs == {(second, first) for first, second in pairs}


def test_the_river_is_crossed_only_on_its_bridges() -> None:
    crossing = {(int(a), int(b)) for a, b in layout(7).neighbours if (a % 20, b % 20) == (9, 10)}
    assert {first // 20 for first, _ in crossing} == {2, 6, 10}


def test_every_destination_row_is_a_distribution() -> None:
    cumulative = layout(7).destination
    assert np.all(np.diff(cumulative, axis=1) >= 0)
    np.testing.assert_allclose(cumulative[:, -1], 1.0)


def test_the_moved_zones_hold_about_half_of_the_orders() -> None:
    city = layout(7)
    assert 0.35 < city.rate[city.moved].sum() / city.rate.sum() < 0.65


def test_another_seed_is_another_city() -> None:
    assert not np.array_equal(layout(7).rate, layout(8).rate)
