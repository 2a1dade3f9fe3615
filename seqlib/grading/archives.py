"""Zip files that students hand in: looked into without unpacking, read with limits, never believed."""

import stat
import zipfile
from pathlib import PurePosixPath

from seqlib.grading.reading import opened

MAX_INDEX = 4 << 20  # bytes of the list of contents: some 40,000 names
_END, _LOCATOR = b"PK\x05\x06", b"PK\x06\x07"
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others take memory as the file pleases


def members(path: str) -> list[str]:
    """Names of the files in a zip file, without folders and links. OSError with a sentence where it can't be read."""
    with _archive(path) as archive:
        return [i.filename for i in archive.infolist() if not i.is_dir() and not stat.S_ISLNK(i.external_attr >> 16)]


def member(path: str, name: str, limit: int) -> bytes:
    """One file of a zip file, at most `limit` + 1 bytes of it. OSError where it can't be read."""
    with _archive(path) as archive:
        try:
            info = archive.getinfo(name)
            if info.flag_bits & 1:
                raise OSError("it is locked with a password")
            if info.compress_type not in _PLAIN:
                raise OSError("it is packed in an unusual way")
            with archive.open(info) as file:
                return file.read(limit + 1)
        except (zipfile.BadZipFile, KeyError, ValueError, EOFError, NotImplementedError, zipfile.zlib.error) as error:
            raise OSError(f"it is damaged ({error})") from None


def _archive(path: str) -> zipfile.ZipFile:
    file = opened(path)
    try:
        _index_is_small(file)
        return _Closing(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        file.close()
        raise OSError(f"it is no zip file that can be opened ({error})") from None
    except BaseException:
        file.close()
        raise


class _Closing(zipfile.ZipFile):
    """A ZipFile that closes the file it was given."""

    def close(self):
        file = self.fp
        super().close()
        if file:
            file.close()


def _index_is_small(file):
    """Python reads the whole list of contents into memory, however long the file says that it is."""
    end = file.seek(0, 2)
    file.seek(max(0, end - 66_000))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0:
        raise zipfile.BadZipFile("it has no list of contents")
    if _LOCATOR in tail[max(0, at - 40) : at] or int.from_bytes(tail[at + 12 : at + 16], "little") > MAX_INDEX:
        raise OSError("its list of contents is too long")
    file.seek(0)


def plain_parts(name: str) -> tuple[str, ...]:
    """The folders and the name of a member; for showing and sorting only, nothing is written there."""
    return PurePosixPath(name.replace("\\", "/")).parts
