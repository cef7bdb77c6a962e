"""How each command of the documentation is tested; a command in no list fails the tests.

Commands of the lists are written as `pages.commands` returns them.
"""

from __future__ import annotations

OWN = (
    "python launch/main.py --config=configs/stripnet.py:own "
    "--config.data.own_folder=my_labelled_cells"
)
EARLIER_RUN = "runs/super_xception-bioimage-20260101-120000"
# Runs of the documentation that the run of the first command in `EXECUTED` stands for.
ONE_RUN = dict.fromkeys(
    ("runs/synthetic", "runs/pictures", "runs/adapted", EARLIER_RUN), "runs/own"
)

# Executed in this order, in one folder with `my_lab` (a cell of a few chromosomes),
# `my_labelled_cells` (five drawn cells) and `prior.json` (the JSON block of docs/karyotype.md).
# A command is followed by what is replaced in it, besides `ONE_RUN`, so that it takes seconds;
# trainings get the flags of `SIZES` in addition.
EXECUTED: dict[str, dict[str, str]] = {
    f"{OWN} --workdir=runs/own": {},
    "python launch/prepare_data.py --dataset own --folder my_labelled_cells": {},
    "python launch/prepare_data.py --dataset ideogram --cells 12 --seed 7 --aneuploid_share 1 "
    "--write synthetic_cells": {"--cells 12": "--cells 1"},
    "python launch/prepare_data.py --dataset ideogram --cells 4 --seed 7 --aneuploid_share 1 "
    "--write synthetic_cells": {"--cells 4": "--cells 2", "synthetic_cells": "more_cells"},
    "python launch/prepare_data.py --dataset ideogram --cells 6 --seed 3538 --aneuploid_share 0.4 "
    "--write synthetic_case/patient": {"--cells 6": "--cells 1"},
    "python launch/prepare_data.py --dataset ideogram --cells 2 --style g "
    "--write gband_style_cells": {"--cells 2": "--cells 1"},
    "python launch/prepare_data.py --show 'my_labelled_cells/cell1/scan 3a.png' "
    "--out steps.png": {},
    "python launch/prepare_data.py --show 'my_labelled_cells/cell1/scan 3a.png' "
    "--normalization straightening=medial_axis image_px=100": {},
    "python launch/prepare_data.py --show 'synthetic_cells/0001/0001 3a.png' "
    "--normalization straightening=medial_axis --out docs/pictures/normalization.png": {
        "synthetic_cells": "more_cells"
    },
    "python launch/prepare_data.py --show 'synthetic_cells/0001/0001 3a.png' --curled "
    "--normalization straightening=medial_axis --out docs/pictures/curled.png": {
        "synthetic_cells": "more_cells"
    },
    "karyotype --help": {},
    "karyotype --images=my_lab": {},
    "karyotype --images=my_lab/cell1 --background=dark --turned_share=0.01 "
    "--out=karyotypes_of_cell1": {},
    "karyotype --images=my_lab --prior=prior.json": {},
    "karyotype --images=my_lab --workdir=runs/own --out=karyotypes/my_lab_own": {},
    "karyotype --images=my_lab --workdir=runs/adapted --out=karyotypes/my_lab_adapted": {},
    "python launch/export.py --workdir=runs/own --out=my_network": {},
    "karyotype --images=my_lab --workdir=my_network": {},
    "karyotype --images=synthetic_cells --workdir=runs/synthetic --turned_share=0.01": {
        "synthetic_cells": "my_lab"
    },
    "karyotype --images=synthetic_cells --workdir=runs/pictures --out=karyotypes/pictures": {
        "synthetic_cells": "my_lab"
    },
    "karyotype --images=synthetic_case --workdir=runs/pictures --out=karyotypes/case": {
        "synthetic_case": "my_lab"
    },
    "cp runs/pictures/learning_curves.png docs/pictures/learning_curves.png": {},
    f"python launch/evaluate.py --workdir={EARLIER_RUN} --split=validation": {},
    f"python launch/main.py --workdir={EARLIER_RUN}": {},
    "python launch/robustness.py --name=my_robustness --runs=runs/own": {
        "--runs=runs/own": "--runs=runs/own --kinds=none"
    },
}
SIZES = (
    "--config.model.width_multiplier=0.125",
    "--config.model.implementation=plain",
    "--config.training.epochs=1",
    "--config.evaluation.bootstrap_resamples=10",
)

HOURS = "trains for minutes to hours"
RESTRICTED = "needs an archive that may not be passed on"
# Planned: the program itself reads the flags, builds and checks configs and plans, and is stopped
# where the work would begin.
PLANNED: dict[str, str] = {
    "python launch/main.py --config=configs/super_xception.py": HOURS,
    "python launch/main.py --config=configs/super_xception.py --workdir=runs/pictures": HOURS,
    "python launch/main.py --config=configs/stripnet.py --workdir=runs/synthetic": HOURS,
    f"{OWN} --config.split.protocol=cases": "one training on own cells is executed",
    "python launch/main.py --config=configs/stripnet.py:adapt --config.data.own_folder=my_lab "
    "--workdir=runs/adapted": "executed by test_closed_loop.py",
    "python launch/main.py --config=configs/stripnet.py:adapt "
    "--config.data.own_folder=my_labelled_cells "
    "--workdir=runs/adapted": "executed by test_closed_loop.py",
    "python launch/main.py --config=configs/stripnet.py:adapt "
    "--config.data.own_folder=my_labelled_cells --config.data.unlabelled_folder=my_lab "
    "--config.training.epochs=6 --workdir=runs/adapted": "executed by test_closed_loop.py",
    "python launch/main.py --config=configs/stripnet.py:laboratories "
    "--config.data.dataset=gband,own --config.data.own_folder=my_labelled_cells "
    "--config.data.own_polarity=any": RESTRICTED,
    "python launch/main.py --config=configs/stripnet.py:gband --config.data.dataset=gband,own "
    "--config.data.own_folder=my_labelled_cells --config.split.test_only=own": RESTRICTED,
    "python launch/main.py --config=configs/super_xception.py:smoke": "executed by test_main.py",
    "python launch/main.py --config=configs/super_xception.py:bioimage": RESTRICTED,
    "python launch/main.py --config=configs/stripnet.py:bioimage": RESTRICTED,
    "python launch/main.py --config=configs/super_xception.py:paper": RESTRICTED,
    "python launch/main.py --config=configs/xception.py:bioimage --config.seed=1 "
    "--config.training.epochs=40": RESTRICTED,
    "python launch/main.py --config=configs/xception.py:bioimage --config.seed=1 "
    "--config.optimizer.learning_rate=5e-4": RESTRICTED,
    "python launch/prepare_data.py --dataset bioimage": RESTRICTED,
    "python launch/table.py --name=my_table --seeds=0,1,2 --pairs=super_xception:xception "
    "--configs=configs/xception.py:bioimage,configs/super_xception.py:bioimage": RESTRICTED,
    "python launch/table.py --name=my_paper --minutes_per_run=60 --pairs=super_xception:xception "
    "--configs=configs/deep_cnn.py:paper,configs/xception.py:paper,"
    "configs/super_xception.py:paper": RESTRICTED,
    "python launch/table.py --name=my_size "
    "--configs=configs/stripnet.py:bioimage,configs/xception.py:bioimage "
    "--overrides=split.protocol=cells --vary=split.training_share=0.125,0.25,0.5,1": RESTRICTED,
    "python launch/table.py --name=my_karyotyping --folds=0,1,2,3,4 "
    "--configs=configs/stripnet.py:bioimage --overrides=split.protocol=cells": RESTRICTED,
    "python launch/table.py --name=my_aneuploidy --folds=0,1,2,3,4 "
    "--configs=configs/stripnet.py:gband --overrides=training.epochs=15": RESTRICTED,
    "python launch/table.py --name=my_controls --seeds=0,1,2 --pairs=super_xception:no_skip "
    "--configs=configs/super_xception.py:bioimage,"
    "configs/ablations/no_skip.py:bioimage": RESTRICTED,
    "python launch/robustness.py --name=my_robustness-blur --runs=runs/own --kinds=blur,noise "
    "--foreign=gband": RESTRICTED,
    "python launch/main.py --config=configs/super_xception.py --profile": HOURS,
    "python launch/scaling.py --config=configs/super_xception.py:paper "
    "--chips=v5e:1,4,16,64,256": "compiles for an hour",
    "python launch/scaling.py --config=configs/super_xception.py:smoke --chips=none --gpus=none "
    "--measure=1,2,4 --batch_per_chip=8 --global_batch=16 --name=cpu": "takes minutes",
    "python benchmarks/speed.py --output=runs/speed.json": "takes an hour, and needs PyTorch",
    "python benchmarks/speed.py --output=runs/two.json --cases train:71:32 --sides ours "
    "torch": "needs PyTorch",
    "python benchmarks/operations.py": "needs PyTorch",
    "python benchmarks/forms.py --steps 20": RESTRICTED,
    "python benchmarks/batch.py --data archives": "measures, which belongs on an idle machine",
    "python benchmarks/large_report.py --cells 1000 --out runs/large_report": "takes minutes",
    "python benchmarks/normalization.py --data archives": "takes minutes",
    "python benchmarks/pictures.py --cells=12": "measures, which belongs on an idle machine",
}
# Where each program is stopped when a command is planned: the first call that works.
STOPS = {
    "main": "superxception_jax.runs.run:train_and_test",
    "prepare_data": "launch.prepare_data:prepare_dataset",
    "table": "superxception_jax.tables.runner:make_table",
    "robustness": "launch.robustness:load_classifier",
    "scaling": "launch.scaling:plan_cases",
}

ENVIRONMENT = "makes or changes the environment in which these tests run"
CHECKS = "one of the checks of which these tests are a part"
# Neither executed nor planned here. Files that these commands name must exist.
OTHERS: dict[str, str] = {
    "python3 -m venv .venv": ENVIRONMENT,
    "python -m venv .venv": ENVIRONMENT,
    ". .venv/bin/activate": ENVIRONMENT,
    "pip install .": "test_packaging.py builds and .ci/run installs the package",
    "pip install -r requirements.txt": ENVIRONMENT,
    "pip install -r requirements.txt 'jax[tpu]'": ENVIRONMENT,
    "pip install -r requirements-test.txt": ENVIRONMENT,
    "pip install -r requirements-docs.txt": ENVIRONMENT,
    "pip install -r benchmarks/requirements.txt -r requirements-test.txt": ENVIRONMENT,
    "ruff check .": CHECKS,
    "ruff format --check .": CHECKS,
    "mypy": CHECKS,
    "python -m pytest -n 2": CHECKS,
    "python docs/build_api.py": "executed by test_api.py, where pdoc is installed",
    "python launch/main.py --config=configs/my_network.py:smoke": "executed by test_own_model.py",
    "chromium --headless --hide-scrollbars --window-size=1440,960 "
    "--screenshot=docs/pictures/report.webp karyotypes/pictures/report.html": "needs a browser",
    "chromium --headless --hide-scrollbars --window-size=1440,960 "
    "--screenshot=docs/pictures/case.webp karyotypes/case/report.html": "needs a browser",
}
