# Finds the repository, whose library comes before anything else. A workflow that names it as `github(...)`, as snakedeploy
# writes, gets single files out of Snakemake's clone; the library needs the whole, so that version is unpacked beside it, once.
import os
import sys
import tempfile
import zipfile
from pathlib import Path

from snakemake.sourcecache import HostingProviderFile, LocalSourceFile


def refuse(error):
    """End with one sentence in place of a traceback."""
    print(f"Error: {error}", file=sys.stderr)
    sys.exit(1)


def repository(rules):
    """Folder of the repository that a folder of rules belongs to."""
    if isinstance(rules, LocalSourceFile):
        return Path(rules).parents[1]
    if not isinstance(rules, HostingProviderFile):
        refuse(f"{rules}: lateralis cannot run from there. Give the path of a clone, or github(...) or gitlab(...)")
    clone, version = rules.hosted_repo, {"commit": rules.commit, "branch_or_tag": rules.tag or rules.branch}
    if not clone.ref_exists(**version):
        clone.fetch()
    commit = clone.repo.commit(rules.ref).hexsha
    folder = Path(workflow.sourcecache.cache_path, "lateralis", commit)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            archive, unpacked = Path(temporary, "archive.zip"), Path(temporary, "unpacked")
            clone.repo.git.archive(commit, format="zip", output=archive)
            zipfile.ZipFile(archive).extractall(unpacked)
            try:
                os.rename(unpacked, folder)
            except OSError:
                if not folder.is_dir():  # else another process was quicker
                    raise
    return folder


ROOT = repository(workflow.current_basedir)
