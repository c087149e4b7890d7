"""``python -m audittui``."""

from audittui.cli import main

if __name__ == "__main__":
    main()
