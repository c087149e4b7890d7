"""Builds dist/audittui-bundle.tar.gz: wheels and an install script, for machines without a network.

The target machine needs the same Python version and platform as the machine that builds it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
NAME = "audittui-bundle"

INSTALL = """\
#!/bin/sh
# Installs audittui from the wheels beside this script, without a network.
# usage: ./install [FOLDER]   (default: ~/.local/share/audittui)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$HOME/.local/share/audittui}
python=${PYTHON:-python3}
wanted=@VERSION@
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') || {
  echo "$python cannot be run; set PYTHON to a Python $wanted." >&2; exit 1; }
if [ "$found" != "$wanted" ]; then
  echo "This bundle is for Python $wanted, but $python is $found; set PYTHON." >&2; exit 1
fi
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check \\
  --no-index --find-links "$here/wheels" audittui
echo "Installed. Run $folder/bin/audittui, or link it into your PATH:"
echo "  ln -s $folder/bin/audittui ~/.local/bin/audittui"
"""


def main() -> None:
    """Build the bundle."""
    bundle = DIST / NAME
    shutil.rmtree(bundle, ignore_errors=True)
    wheels = bundle / "wheels"
    wheels.mkdir(parents=True)
    subprocess.run(
        [
            sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check",
            "--constraint", str(ROOT / "constraints.txt"), "--wheel-dir", str(wheels), str(ROOT),
        ],
        check=True,
    )  # fmt: skip
    script = bundle / "install"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    script.write_text(INSTALL.replace("@VERSION@", version), encoding="utf-8")
    script.chmod(0o755)
    shutil.copy(ROOT / "LICENSE", bundle)
    archive = DIST / f"{NAME}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(bundle, arcname=NAME)
    count = len(list(wheels.glob("*.whl")))
    size = archive.stat().st_size / 1e6
    sys.stdout.write(f"dist/{archive.name}: {count} wheels, {size:.1f} MB, Python {version}\n")


if __name__ == "__main__":
    main()
