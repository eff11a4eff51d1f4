"""The WSGI application that the web child of `salus serve` runs."""

import os
import signal

from django.core.wsgi import get_wsgi_application

from salus.kernel.process import end_with_parent

end_with_parent(signal.SIGKILL)  # a worker of a killed web server would keep its port
os.environ["SALUS_THREADS"] = "1"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
