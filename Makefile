# Each target is one line; lab/host does the work.
.PHONY: lab stop reset doctor check test test-all bench site bundle workshop workshop-stop workshop-reset
lab: ; @lab/host start
stop: ; @lab/host stop
reset: ; @lab/host reset
doctor: ; @lab/host doctor
check: ; @tools/check
test: ; @tests/run
test-all: ; @tests/run --all
bench: ; @tests/run --bench
site: ; @tools/site
bundle: ; @lab/host bundle
workshop: ; @workshop/host start
workshop-stop: ; @workshop/host stop
workshop-reset: ; @workshop/host reset
