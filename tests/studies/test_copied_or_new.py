"""seqlib.studies.copied_or_new: the longest piece from each place."""

from seqlib.studies.copied_or_new import copied


def test_copied_is_the_longest_piece_from_each_place():
    assert copied("abcxabq", "zzabczab", stride=1).tolist() == [3, 2, 1, 0, 2, 1, 0]
    assert copied("", "abc").tolist() == []
