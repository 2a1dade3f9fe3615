"""One JSON file per graded submission: written whole or not at all, found again by what it was made from."""

import hashlib
import json
import os
import secrets
import tempfile
import time
from pathlib import Path

from seqlib.grading.assignment import Assignment
from seqlib.grading.submissions import Submission, slug

SCHEMA = 1


def write_atomically(path: Path, text: str):
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o600)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class Book:
    """The folder of a class's grades: `records/`, the assignment, and a secret from which inputs are drawn."""

    def __init__(self, out: Path, assignment: Assignment | None = None):
        self.out, self.records = out, out / "records"
        self.records.mkdir(parents=True, exist_ok=True)
        if assignment is not None:
            write_atomically(out / "assignment.json", json.dumps(assignment.as_dict(), indent=1) + "\n")
        self.assignment, self.fingerprint = assignment, assignment and assignment.key()
        self.secret = self._secret()

    def _secret(self) -> str:
        """Random, made once, the same for all who grade into this folder at the same time."""
        path = self.out / ".secret"
        if not path.exists():
            mine = self.out / f".secret-{secrets.token_hex(8)}"
            mine.write_text(secrets.token_hex(32))
            mine.chmod(0o600)
            try:
                os.link(mine, path)
            except FileExistsError:
                pass
            finally:
                mine.unlink()
        return path.read_text().strip()

    def key(self, submission: Submission, raw: bytes | None) -> str:
        """Of the submission's bytes, the student and file, what is graded, and the grader's version."""
        parts = [
            submission.student,
            submission.user_id,
            submission.file,
            self.fingerprint,
            submission.problem or "",
        ]
        digest = hashlib.sha256(json.dumps(parts).encode())
        digest.update(raw or b"")
        return digest.hexdigest()[:20]

    def seed(self, raw: bytes | None) -> int:
        """Inputs differ from submission to submission and can't be guessed, but a second run draws the same."""
        return int(hashlib.sha256(self.secret.encode() + (raw or b"")).hexdigest()[:16], 16)

    def path(self, submission: Submission, key: str) -> Path:
        return self.records / f"{slug(submission.student + submission.user_id)}.{key}.json"

    def done(self, submission: Submission, key: str) -> bool:
        return read(self.path(submission, key)) is not None

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
        record["problem"] = result.get("problem") or submission.problem
        write_atomically(self.path(submission, key), json.dumps(record, indent=1, ensure_ascii=True) + "\n")
        return record

    def all(self) -> list[dict]:
        """Every record of this assignment, the older first."""
        found = [read(p) for p in self.records.glob("*.json")]
        return sorted(
            (r for r in found if r and r["assignment"] == self.fingerprint),
            key=lambda r: (r["graded"], r["key"]),
        )


def read(path: Path) -> dict | None:
    """A record, None where there is none or it is damaged."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and record.get("schema") == SCHEMA and "score" in record else None
