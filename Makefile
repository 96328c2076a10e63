# What can be done here. Everything needs Node 20.19 or newer, npm and make; the rest comes by itself.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
NODE := node --import tsx
TEST := $(NODE) test/run.ts
FILES = $(shell find $(1) -name '*.test.ts' 2>/dev/null | sort)
PORT ?= 8084

FORMATTED = src scripts test

.PHONY: install run test property contract browser fault figures bench bench-switch bench-dispatch bench-pacing bench-leads bench-desk bench-listener brokers format pages check clean
.DEFAULT_GOAL := run

run: node_modules/.stamp            ## the server: private services and a simulated switch unless ENV says otherwise
	exec $(NODE) src/main.ts run

# of the fault matrix those rows that take a moment and mind no other test on the same cores (test/fault/matrix.ts: quick)
test: node_modules/.stamp           ## unit, flows, contracts on the simulated switch, and the quick rows of the fault matrix (SKIPPED=yes names what is skipped)
	@$(TEST) --compiled $(if $(SKIPPED),--skipped) test/fault test/contract test/browser test/flow test/unit

property: node_modules/.stamp           ## random callers of queues and callbacks on nodes that die, random requests to the HTTP API (minutes)
	DAYS=84 HISTORIES=500 REQUESTS=300 $(TEST) --long test/unit/queue-property.test.ts test/flow/callback-histories.test.ts \
		test/contract/http-random.test.ts

# what kills nodes and switches has the machine to itself, and so has a whole campaign: both are about time
ALONE = $(call FILES,test/contract/survival) test/contract/campaign-outcomes.test.ts
contract: node_modules/.stamp       ## the contracts once more, on a real FreeSWITCH (FREESWITCH_BIN, or on the PATH)
	@failed=0; \
	REAL_SWITCH=yes $(TEST) $(filter-out $(ALONE),$(call FILES,test/contract)) || failed=1; \
	for file in $(ALONE); do REAL_SWITCH=yes $(TEST) $$file || failed=1; done; exit $$failed

browser: node_modules/.stamp        ## the pages in a real browser (Debian's chromium), and the pictures of docs/images
	PICTURES=yes $(TEST) test/browser

# one file after the other: a row's figures are its own, and two cores are few
fault: node_modules/.stamp          ## the rows of the fault matrix, and at its end what they showed (ROWS="drain pause": only those files)
	@rows=$$(mktemp -d) && failed=0 && \
	for file in $(or $(foreach row,$(ROWS),$(wildcard test/fault/*$(row)*.test.ts)),$(call FILES,test/fault)); do \
		FAULT=full FAULT_ROWS=$$rows $(TEST) $$file || failed=1; \
	done; \
	$(NODE) test/fault/print-matrix.ts $$rows $(if $(ROWS),some) || failed=1; rm -rf $$rows; exit $$failed

# a small day is part of make test
figures: node_modules/.stamp        ## a day of 20 000 calls on 200 agents in virtual time: every figure equals its rows (ten minutes)
	DAY_CALLS=20000 DAY_AGENTS=200 $(NODE) --test test/contract/day.test.ts

bench: node_modules/.stamp          ## measures, side by side with others
	$(NODE) test/bench/run.ts

bench-switch: node_modules/.stamp   ## what a call costs a real FreeSWITCH (on the PATH, or FREESWITCH_BIN), beside a bare socket listener
	$(NODE) test/bench/switch/run.ts

bench-dispatch: node_modules/.stamp ## how long an agent who is free waits for the next call, with 2 000 callers who wait
	$(NODE) test/bench/dispatch/run.ts

bench-leads: node_modules/.stamp    ## a list of a million people: its import, its export, and how long the next hundred leads take
	$(NODE) test/bench/leads/run.ts

bench-pacing: node_modules/.stamp   ## how busy agents are, and how many people are abandoned, beside other ways of pacing (SCENARIOS=S1,S2 SEEDS=5)
	$(NODE) test/bench/pacing/run.ts

bench-desk: node_modules/.stamp     ## how long programs wait for the HTTP API beside a running floor (RATE=500 SECONDS=20)
	$(NODE) test/bench/desk/run.ts

brokers: node_modules/.stamp        ## events to real message queues: RabbitMQ and NATS, where Debian's packages are installed
	BROKERS=yes $(TEST) test/contract/events-sinks.test.ts

bench-listener: node_modules/.stamp ## make bench-listener PORT=8084: a listener to load from outside
	$(NODE) test/bench/listener.ts $(PORT)

format: node_modules/.stamp         ## writes every file as `make check` wants it
	oxfmt $(FORMATTED)

pages: node_modules/.stamp          ## writes the pages that are made from the operations and the catalogue of events
	$(NODE) test/write-pages.ts

check: node_modules/.stamp          ## types, format, lint, dead code, and the rules of the code
	tsc -p . && tsc -p src/desk/pages && oxfmt --check $(FORMATTED) && oxlint && knip --no-progress && $(NODE) --test test/house.test.ts test/unit/http-description.test.ts

install: node_modules/.stamp
node_modules/.stamp: package.json package-lock.json
	npm ci --no-audit --no-fund || npm install --no-audit --no-fund
	chmod +x src/bin.mjs && ln -sf ../../src/bin.mjs node_modules/.bin/switchhook
	touch $@

clean:                              ## everything that can be had again, and the private data
	rm -rf node_modules .data
