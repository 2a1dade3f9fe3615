# Thin on purpose: everything happens in tools/course.py, which also runs without make.
# The first suitable Python is taken; name another with PYTHON=..., pass options with ARGS="...".

find = for range in "(3, 11) <= v < (3, 14)" "v >= (3, 11)" "v > (2,)"; do \
	for python in python3 python3.13 python3.12 python3.11 python; do \
		$$python -c "import sys; v = sys.version_info[:2]; sys.exit(not ($$range))" >/dev/null 2>&1 \
			&& { echo $$python; exit; }; \
	done; done

ifndef PYTHON
PYTHON := $(shell $(find))
endif

.PHONY: help lab my test notebooks site lint runs clean

help:
	@echo "make lab        install what is missing and open the course in JupyterLab"
	@echo "make my         make or update my/, your copies of the notebooks, without opening JupyterLab"
	@echo "make test       install what is missing and run every test and every notebook"
	@echo "make notebooks  build both editions of the notebooks whose source changed"
	@echo "make site       build the web site"
	@echo "make lint       check the code's style"
	@echo "make runs       record the long training runs again, on the device that is here"
	@echo "make clean      remove caches and build products (ARGS=--all: the environment too)"
	@echo
	@echo "Options:        make lab ARGS=\"--no-browser --port 9000\"    make test ARGS=\"-k rnn\""
	@echo "Another Python: make lab PYTHON=python3.12                  Without make: python tools/course.py lab"

lab my test notebooks site lint runs clean:
ifeq ($(PYTHON),)
	@echo "Cannot go on: no Python was found on this machine."
	@echo "What to do: install Python 3.11 or newer from https://www.python.org/downloads/ and run the same command."
	@exit 1
else
	@"$(PYTHON)" tools/course.py $@ $(ARGS)
endif
