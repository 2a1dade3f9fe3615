"""One JSON file per graded submission: written whole or not at all, sealed, found again by what it was made from.

Beside the records lie rosters: who was found in which folder at the last look, so that nobody stays in the grade book
who is not in the class, and nobody is missing because nothing of theirs was graded.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

from seqlib.grading.assignment import Assignment
from seqlib.grading.reading import slug
from seqlib.grading.submissions import Submission, identity
from seqlib.runtime import sweep, write_whole

SCHEMA = 1
NUMBER = (int, float)


def write_atomically(path: Path, text: str):
    """Whole or not at all, and for nobody else to read."""
    write_whole(path, text.encode("utf-8"))


class Book:
    """The folder of a class's grades: `records/`, the assignment, and a secret from which inputs are drawn."""

    def __init__(self, out: Path, assignment: Assignment | None = None):
        self.out, self.records, self.rosters = out, out / "records", out / "rosters"
        try:
            self.records.mkdir(parents=True, exist_ok=True)
            for folder in (out, self.records, self.rosters):  # once: among thousands of records each look is long
                sweep(folder)
            self.secret = self._secret()
            if assignment is not None:
                write_atomically(out / "assignment.json", json.dumps(assignment.as_dict(), indent=1) + "\n")
        except OSError as error:
            raise ValueError(f"grades can't be kept in {out}: {error.strerror or error}") from None
        self.assignment, self.fingerprint = assignment, assignment and assignment.key()

    def _secret(self) -> str:
        """Random, made once, the same for all who grade into this folder at the same time."""
        path = self.out / ".secret"
        if not path.exists():
            _once(path, secrets.token_hex(32))
        for _ in range(100):  # another process may be writing it at this moment
            text = path.read_text(encoding="ascii", errors="replace").strip()
            if re.fullmatch(r"[0-9a-f]{64}", text):
                return text
            time.sleep(0.02)
        raise ValueError(f"{path} should hold 64 hexadecimal digits: put the old file back, or grade into a new folder")

    def key(self, submission: Submission, raw: bytes | None, modules=()) -> str:
        """Of the submission's bytes, the student and file, what is graded, and the grader's version."""
        parts = [
            identity(submission),
            submission.file,
            submission.place,
            submission.when or "",
            self.fingerprint,
            submission.problem or "",
            sorted((name, hashlib.sha256(source).hexdigest()) for name, source in dict(modules).items()),
        ]
        digest = hashlib.sha256(json.dumps(parts).encode())
        digest.update(raw or b"")
        return digest.hexdigest()[:20]

    def seed(self, raw: bytes | None) -> int:
        """Inputs differ from submission to submission and can't be guessed, but a second run draws the same."""
        return int(hashlib.sha256(self.secret.encode() + (raw or b"")).hexdigest()[:16], 16)

    def path(self, submission: Submission, key: str) -> Path:
        return self.records / f"{slug(submission.student, identity(submission))}.{key}.json"

    def done(self, submission: Submission, key: str) -> bool:
        record = self.believed(self.path(submission, key))
        return record is not None and record["key"] == key and identity(record) == identity(submission)

    def save(self, submission: Submission, key: str, raw: bytes | None, result: dict) -> dict:
        record = {
            "schema": SCHEMA,
            "key": key,
            "assignment": self.fingerprint,
            **submission.as_dict(),
            "sha256": hashlib.sha256(raw).hexdigest() if raw is not None else None,
            "graded": time.time(),
            **result,
        }
        record["path"] = os.fsencode(submission.path).decode("utf-8", "replace") if submission.path else None
        record["beside"] = [name for name, *_ in submission.beside]
        record["problem"] = result.get("problem") or submission.problem
        record["seal"] = self._seal(record)
        write_atomically(self.path(submission, key), json.dumps(record, indent=1, ensure_ascii=True) + "\n")
        return record

    def _seal(self, record: dict) -> str:
        """Over everything else in the record: who changes a number has to know the folder's secret."""
        text = json.dumps({k: v for k, v in record.items() if k != "seal"}, sort_keys=True)
        return hmac.new(self.secret.encode(), text.encode(), "sha256").hexdigest()

    def believed(self, path: Path) -> dict | None:
        """A record that this folder's grader wrote, and nobody changed."""
        record = read(path)
        if record is None or not isinstance(record.get("seal"), str):
            return None
        return record if hmac.compare_digest(record["seal"].encode(), self._seal(record).encode()) else None

    def all(self) -> list[dict]:
        """Every record of this assignment, the older first."""
        found = [self.believed(p) for p in self.records.glob("*.json")]
        return sorted(
            (r for r in found if r and r["assignment"] == self.fingerprint),
            key=lambda r: (r["graded"], r["key"]),
        )

    def doubtful(self) -> list[str]:
        """Names of record files that are damaged, or were changed by somebody else."""
        return sorted(p.name for p in self.records.glob("*.json") if self.believed(p) is None)

    # -- who is in the class -----------------------------------------------------------------------------------------

    def note(self, folder: Path, found: list[Submission]) -> list[str]:
        """Keep who is in `folder` now. Returns other folders that are gone, and whose students no longer count."""
        self.rosters.mkdir(exist_ok=True)
        gone, here = [], os.path.abspath(folder)
        for path in self.rosters.glob("*.json"):
            other = _roster(path)
            if other is None or other["folder"] != here and not os.path.isdir(other["folder"]):
                path.unlink(missing_ok=True)
                gone += [other["folder"]] if other else []
        listed = [s.as_dict() | {"beside": [n for n, *_ in s.beside]} for s in found]
        name = hashlib.sha256(here.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        write_atomically(
            self.rosters / f"{name}.json",
            json.dumps({"folder": here, "submissions": listed}, indent=1, ensure_ascii=True) + "\n",
        )
        return gone

    def roster(self) -> list[dict] | None:
        """What is in the class's folders, each thing once; None where nobody has looked yet."""
        found = [r for p in sorted(self.rosters.glob("*.json")) if (r := _roster(p))]
        if not found:
            return None
        return list({(identity(s), s["place"]): s for r in found for s in r["submissions"]}.values())

    def graded(self) -> tuple[list[dict], list[dict]]:
        """(one record for each thing in the class, "pending" where it was not graded; records of nobody in it)."""
        records, roster = self.all(), self.roster()
        if roster is None:
            return records, []
        mine = {}
        for record in records:
            mine.setdefault((identity(record), record["place"]), []).append(record)
        listed = [_latest(s, mine.pop((identity(s), s["place"]), [])) for s in roster]
        present = {identity(s) for s in roster}
        return listed, [r for records in mine.values() for r in records if identity(r) not in present]


def _once(path: Path, text: str):
    """Write a file that is not there yet, unless somebody else just does."""
    mine = path.with_name(f"{path.name}-{secrets.token_hex(8)}")
    mine.write_text(text)
    with suppress(OSError):
        mine.chmod(0o600)
    try:
        os.link(mine, path)  # whole or not at all
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        with suppress(FileExistsError), open(path, "x", encoding="ascii") as file:
            file.write(text)
    finally:
        mine.unlink()


def _roster(path: Path) -> dict | None:
    try:
        roster = json.loads(path.read_text(encoding="utf-8"))
        whole = isinstance(roster["folder"], str) and all(
            isinstance(s["student"], str) and isinstance(s["place"], str) for s in roster["submissions"]
        )
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return roster if whole else None


def _latest(listed: dict, records: list[dict]) -> dict:
    """The record of what lies in the folder now; of several, the one made from the same bytes, else the newest."""
    if not records:
        nothing = {"notebook": None, "exercises": {}, "notes": [], "score": 0.0, "sha256": None, "graded": 0.0}
        return {**nothing, **listed, "key": "", "pending": listed["problem"] is None}
    if len(records) > 1 and listed["path"]:
        with suppress(OSError, TypeError):
            fields = {k: v for k, v in listed.items() if k != "beside"}
            now = hashlib.sha256(Submission(**fields).read(1 << 30)).hexdigest()
            records = [r for r in records if r["sha256"] == now] or records
    return {**records[-1], "left": listed.get("left")}


# -- what a record has to hold ---------------------------------------------------------------------------------------

_FIELDS = {
    "key": str,
    "assignment": str,
    "student": str,
    "file": str,
    "lms": str,
    "user_id": str,
    "attempt": int,
    "place": str,
    "graded": NUMBER,
    "score": NUMBER,
    "exercises": dict,
    "notes": list,
    "notebook": (str, type(None)),
    "problem": (str, type(None)),
    "sha256": (str, type(None)),
}
_EXERCISE = {"score": NUMBER, "points": NUMBER, "state": str, "cases": list, "told": str}
_CASE = {"label": str, "told": str, "message": str}


def _holds(thing, fields: dict) -> bool:
    return isinstance(thing, dict) and all(isinstance(thing.get(k), kind) for k, kind in fields.items())


def read(path: Path) -> dict | None:
    """A record, None where there is none or it is damaged."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not _holds(record, _FIELDS) or record.get("schema") != SCHEMA or not all(_is_str(n) for n in record["notes"]):
        return None
    for entry in record["exercises"].values():
        if not _holds(entry, _EXERCISE) or not all(_holds(c, _CASE) for c in entry["cases"]):
            return None
    return record


def _is_str(thing) -> bool:
    return isinstance(thing, str)
