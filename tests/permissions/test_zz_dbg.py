import sys, os, subprocess

sys.path.insert(0, "/tmp/wt-recode")
from tests.permissions.test_recoding_at_once import ACT


def test_x(fresh_postgres):
    env = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": fresh_postgres,
        "REDIS_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
        "PYTHONUNBUFFERED": "1",
    }
    act = (
        "import faulthandler; faulthandler.dump_traceback_later(150, exit=True)\n"
        + ACT.replace(
            "load_catalogue(); make", "print('migrated'); load_catalogue(); make"
        )
    )
    with open("/tmp/dbg.out", "w") as f:
        subprocess.run(
            [sys.executable, "-c", act],
            cwd="/tmp/wt-recode",
            env=env,
            stdout=f,
            stderr=subprocess.STDOUT,
            timeout=200,
        )
