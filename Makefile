# Each target is one line: a script does the work, and what follows the # is what `make help` says.
.PHONY: lab stop reset doctor edit edit-stop check test test-all bench site bundle workshop workshop-stop workshop-reset help
lab: ; @lab/host start # 실습실을 연다. 이미 열려 있으면 주소를 다시 알려 준다.
stop: ; @lab/host stop # 실습실을 멈춘다. 고친 노트북과 만든 이미지는 남는다.
reset: ; @lab/host reset # 실습실과 그 볼륨, 이미지를 모두 지운다. 먼저 물어본다.
doctor: ; @lab/host doctor # 준비물을 하나씩 확인하고, 문제마다 원인과 다음 명령을 알려 준다.
edit: ; @lab/host edit # 이 저장소의 수업을 고치는 실습실을 연다. 저장하면 바로 저장소의 파일이 바뀐다.
edit-stop: ; @lab/host edit-stop # 고치는 실습실을 멈춘다.
check: ; @tools/check # 엔진 없이 되는 검사를 모두 한다. 2분 안쪽이다.
test: ; @tests/run # 전부 시험한다. 다른 저장 방식에서는 달라지는 것만 다시 한다.
test-all: ; @tests/run --all # 다른 저장 방식과 안정판의 엔진에서도 수업과 연습, 코드를 모두 시험한다.
bench: ; @tests/run --bench # 속도를 잰다.
site: ; @tools/site # 수업을 모두 실행해 읽는 사이트를 build/site에 만든다.
bundle: ; @lab/host bundle # 네트워크가 없는 컴퓨터를 위한 묶음을 만든다.
workshop: ; @workshop/host start # 여러 사람이 한 컴퓨터에서 배우는 워크숍을 연다.
workshop-stop: ; @workshop/host stop # 워크숍을 멈춘다. 참가자의 작업은 남는다.
workshop-reset: ; @workshop/host reset # 워크숍과 참가자의 작업을 모두 지운다. 먼저 물어본다.
help: ; @awk -F ': ; .* # ' '/^[a-z-]+: ; / { printf "make %-15s %s\n", $$1, $$2 }' Makefile # 명령을 모두 보여 준다.
