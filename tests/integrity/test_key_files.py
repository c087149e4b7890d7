"""A key that others can read is no secret, and is not used."""

from __future__ import annotations

import os

import pytest

from tests.integrity.bench import KEY, Bench


@pytest.mark.skipif(os.name != "posix", reason="files have modes on POSIX systems")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620])
def test_a_key_that_is_open_to_others_is_refused(bench: Bench, mode: int) -> None:
    bench.append()
    file = bench.write("key", f"{KEY.text}\n")
    file.chmod(mode)
    for words in (("seal", "--key", file), ("key", "show", file)):
        _, err = bench(*words, code=2)
        assert f"mode {mode:04o}" in err and f"chmod 600 {file}" in err
        assert KEY.text.split("+")[-1] not in err
    assert not bench.get({"pk": "checkpoint#payments/0", "sk": f"{12:020d}"})
    file.chmod(0o400)
    bench("seal", "--key", file)
    assert bench("key", "show", file)[0].strip() == KEY.verifier.text
