# `make book` needs Python 3.10 or later and nothing else; `make test` installs the rest.
# Everything lives in .venv, and a second call installs nothing.

PYTHON      ?= python3
CONSTRAINTS ?= constraints.txt     # CONSTRAINTS= takes the newest versions that the ranges allow
JOBS        ?= 2
PORT        ?= 8000

VENV := .venv
BIN  := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY   := $(BIN)/python
PIP  := $(PY) -m pip --disable-pip-version-check install
PINS := $(addprefix -c ,$(strip $(CONSTRAINTS)))
SITE := _build/html

# CH=vae, CH=code/vae and CH=book/code/vae.ipynb all name the same chapter.
CHAPTER = $(if $(CH),$(or $(firstword $(wildcard $(CH) book/$(CH).ipynb book/*/$(CH).ipynb)),$(CH)))

# One chapter needs Keras and TensorFlow as well; so does "all chapters", which is no CH.
TOOLS = $(if $(filter-out %tools-and-resources %tools-and-resources.ipynb,$(CH)),,$(VENV)/.tools)

.DEFAULT_GOAL := help
.PHONY: help book serve test lint lab tools run text fold claims clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

book: $(VENV)/.book ## build the site from the stored outputs (installs no torch)
	$(BIN)/jupyter-book build . -W -n --keep-going
	@$(PY) -c 'import pathlib; print("\nThe book is here:", pathlib.Path("$(SITE)/index.html").resolve().as_uri())'

serve: book ## build the site and serve it on this computer
	@echo "The book is at http://127.0.0.1:$(PORT)/ (Ctrl-C stops it)"
	@$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory $(SITE)

# Notebooks are run two at a time: one thread each, or they get in each other's way.
test: lint $(VENV)/.tools ## install everything, run every test and every notebook
	OMP_NUM_THREADS=1 $(PY) -m pytest -n $(JOBS) --dist loadgroup
	OMP_NUM_THREADS=1 tools/offline.sh $(PY) -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=600 \
	    -n $(JOBS) --dist loadscope -p no:cacheprovider book

lint: $(VENV)/.full ## check the style of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lab: $(VENV)/.full ## open the chapters in JupyterLab
	$(BIN)/jupyter lab --notebook-dir=book

tools: $(VENV)/.tools ## add Keras and TensorFlow, for the one chapter that compares them with PyTorch

run: $(VENV)/.full $(TOOLS) ## execute chapters and store their outputs: make run CH=vae (no CH: all)
	$(PY) tools/notebooks.py run $(CHAPTER)

text: $(VENV)/.full ## write a chapter as text to edit it: make text CH=vae
	@test -n "$(CH)" || { echo "which chapter? make text CH=vae"; exit 2; }
	$(PY) tools/notebooks.py text $(CHAPTER)

fold: $(VENV)/.full ## fold the edited text back into its notebook: make fold CH=vae
	@test -n "$(CH)" || { echo "which chapter? make fold CH=vae"; exit 2; }
	$(PY) tools/notebooks.py fold $(CHAPTER)

claims: $(VENV)/.full $(TOOLS) ## run the chapters with seeds 0 to 4 and write the table of their claims
	$(PY) tools/notebooks.py claims --jobs $(JOBS) $(CHAPTER)

clean: ## remove the built site and the virtual environment
	rm -rf _build $(VENV)

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	    echo "Python 3.10 or later is needed, and '$(PYTHON)' is not one. Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 14) or print("Note: tested on Python 3.10 to 3.13.")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	    echo "This Python cannot make virtual environments. On Debian or Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@echo "Making the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.book: requirements-book.txt $(wildcard constraints.txt) | $(VENV)/pyvenv.cfg
	@echo "Installing what building the site needs (about half a minute)"
	@$(PIP) --quiet $(PINS) -r requirements-book.txt
	@touch $@

$(VENV)/.full: requirements.txt pyproject.toml $(VENV)/.book
	@echo "Installing everything, torch included (a few minutes and some gigabytes; see README.md for less)"
	@$(PIP) --quiet $(PINS) -r requirements.txt
	@$(PIP) --quiet --no-deps --editable .
	@touch $@

$(VENV)/.tools: requirements-tools.txt $(VENV)/.full
	@echo "Installing Keras and TensorFlow for the chapter on tools (0.3 GB to download)"
	@$(PIP) --quiet $(PINS) -r requirements-tools.txt
	@touch $@
