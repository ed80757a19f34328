"""Field encryption: what is stored can be read, found and rotated by the keys, and by nobody else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_kernel.crypto import BadKeys, Keys, Suite, Tampered, UnknownKey

LABEL = "population.person.id_number"
KEYS = {suite: Keys.generate(suite) for suite in Suite}
SUITES = pytest.mark.parametrize("suite", list(Suite))


@SUITES
@given(plain=st.binary(max_size=300))
def test_what_was_encrypted_is_read_back(suite: Suite, plain: bytes) -> None:
    assert KEYS[suite].decrypt(KEYS[suite].encrypt(plain, LABEL), LABEL) == plain


@SUITES
def test_the_same_value_never_encrypts_to_the_same_bytes_twice(suite: Suite) -> None:
    assert len({KEYS[suite].encrypt(b"150299193005131093", LABEL) for _ in range(50)}) == 50


@SUITES
@given(data=st.data())
def test_a_change_of_any_single_bit_is_noticed(suite: Suite, data: st.DataObject) -> None:
    blob = bytearray(KEYS[suite].encrypt(b"12000000000", LABEL))
    position = data.draw(st.integers(0, len(blob) * 8 - 1))
    blob[position // 8] ^= 1 << position % 8
    with pytest.raises((Tampered, UnknownKey)):
        KEYS[suite].decrypt(bytes(blob), LABEL)


@SUITES
@given(length=st.integers(0, 43))
def test_a_cut_value_is_noticed(suite: Suite, length: int) -> None:
    blob = KEYS[suite].encrypt(b"12000000000", LABEL)
    with pytest.raises((Tampered, UnknownKey)):
        KEYS[suite].decrypt(blob[:length], LABEL)


@SUITES
def test_a_value_moved_to_another_column_is_refused(suite: Suite) -> None:
    blob = KEYS[suite].encrypt(b"12000000000", "population.person.phone")
    with pytest.raises(Tampered):
        KEYS[suite].decrypt(blob, "population.household.phone")


@given(blob=st.binary(max_size=80))
def test_bytes_that_were_never_encrypted_are_refused_by_name(blob: bytes) -> None:
    with pytest.raises((Tampered, UnknownKey)):
        KEYS[Suite.AES_GCM].decrypt(blob, LABEL)


def test_the_message_of_a_refused_value_does_not_contain_the_value() -> None:
    with pytest.raises(Tampered) as caught:
        KEYS[Suite.AES_GCM].decrypt(KEYS[Suite.AES_GCM].encrypt(b"12012345678", "a"), "b")
    assert "12012345678" not in str(caught.value)


def test_a_rotated_key_encrypts_anew_while_the_old_values_stay_readable() -> None:
    old = KEYS[Suite.AES_GCM]
    new = old.with_new_key("k2")
    before = old.encrypt(b"12000000000", LABEL)

    assert new.decrypt(before, LABEL) == b"12000000000"
    assert new.needs_rotation(before)
    after = new.rotate(before, LABEL)
    assert not new.needs_rotation(after)
    assert new.decrypt(after, LABEL) == b"12000000000"
    assert new.rotate(after, LABEL) == after
    with pytest.raises(UnknownKey):
        old.decrypt(after, LABEL)


def test_an_installation_that_changes_its_suite_reads_what_it_wrote_before() -> None:
    old = KEYS[Suite.AES_GCM]
    new = Keys(Suite.SM4_GCM, old.active, old.keys, old.index_key, index_suite=Suite.AES_GCM)
    before = old.encrypt(b"12000000000", LABEL)

    assert new.decrypt(before, LABEL) == b"12000000000"
    assert new.needs_rotation(before)
    assert new.blind_index("12000000000", LABEL) == old.blind_index("12000000000", LABEL)


@SUITES
def test_a_blind_index_finds_equal_values_of_the_same_label_only(suite: Suite) -> None:
    keys = KEYS[suite]
    index = keys.blind_index("12000000000", "person.phone")

    assert len(index) == 16
    assert index == keys.blind_index("12000000000", "person.phone")
    assert index != keys.blind_index("12000000000", "household.phone")
    assert index != keys.blind_index("12000000001", "person.phone")
    assert index != Keys.generate(suite).blind_index("12000000000", "person.phone")
    assert keys.matches(index, "12000000000", "person.phone")
    assert not keys.matches(index, "12000000001", "person.phone")


def test_label_and_value_of_a_blind_index_cannot_be_shifted_into_each_other() -> None:
    keys = KEYS[Suite.AES_GCM]
    assert keys.blind_index("bc", "a") != keys.blind_index("c", "ab")


@SUITES
def test_keys_survive_their_file(suite: Suite) -> None:
    keys = KEYS[suite].with_new_key("k2")
    assert Keys.parse(keys.to_json()) == keys


def test_printed_keys_do_not_show_the_secrets() -> None:
    keys = KEYS[Suite.AES_GCM]
    assert repr(keys.index_key) not in repr(keys)
    assert "k1" in repr(keys)
    assert not any(repr(key) in repr(keys) for key in keys.keys.values())


GOOD = json.loads(KEYS[Suite.AES_GCM].to_json())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps(GOOD | {"suite": "rot13"}),
        json.dumps(GOOD | {"active": "k9"}),
        json.dumps(GOOD | {"index_key": "c2hvcnQ="}),
        json.dumps(GOOD | {"keys": {"k1": "not base64!"}}),
        json.dumps(GOOD | {"keys": ["k1"]}),
        json.dumps(GOOD | {"active": "K 1", "keys": {"K 1": GOOD["index_key"]}}),
    ],
)
def test_an_unusable_keys_file_is_refused_without_printing_it(text: str) -> None:
    with pytest.raises(BadKeys) as caught:
        Keys.parse(text)
    assert GOOD["index_key"] not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
