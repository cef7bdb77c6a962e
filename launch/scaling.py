import sys
sys.path.insert(0, ".")
from absl import flags
from pathlib import Path
from superxception_jax.commands import run_command, build_config
from superxception_jax.studies.scaling.compiling import Compiler
from superxception_jax.studies.scaling.scaling_plan import *
from superxception_jax.studies.scaling.case import *
from superxception_jax.runs.experiment import build_experiment
import time, os
FILE=sys.argv[1]; order=sys.argv[2:]
c=Compiler(FILE,(),Path("/root/scaling_cache/cases"),3600.)
e=build_experiment(build_config(FILE,overrides=()))
for spec in order:
    chips,prec=spec.split("/")
    r=ScalingRequest(parse_slices(chips.split(",")),SCALINGS,tuple(prec.split("+")),32,256)
    check_request(r)
    for case in plan_cases(r,e):
        if case.rematerialization!="none" or case.accumulation_steps>1 or case.precision!="float32": continue
        if c.stored(case).status!=PENDING: continue
        t=time.time()
        print(time.strftime("%H:%M"),case.describe(),flush=True)
        x=c.compile(case)
        print("   ",x.status,x.message,"%.4g %.4g flops %.4g bytes %.2f GiB %.0f s"%(x.flops,x.counted_flops,x.bytes_accessed,x.needed_bytes/2**30,time.time()-t),x.collectives,flush=True)
