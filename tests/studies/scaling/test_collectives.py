from __future__ import annotations

from superxception_jax.studies.scaling.case import Collective
from superxception_jax.studies.scaling.collectives import find_collectives

PROGRAM = """\
HloModule jit_step
%region { ROOT %add = f32[] add(%a, %b) }
ENTRY %main {
  %all-reduce.1 = (f32[8]{0:T(128)S(1)}, f32[8]{0:T(128)}) all-reduce(%x, %y), channel_id=1
  %all-reduce.2 = s32[]{:T(128)} all-reduce(%z), to_apply=%region, metadata={op_name="all-reduce("}
  %all-reduce-start.3 = bf16[3,3,1,8]{3,2,1,0} all-reduce-start(%w), channel_id=3
  %all-reduce-done.3 = bf16[3,3,1,8]{3,2,1,0} all-reduce-done(%all-reduce-start.3)
  %ag = (f32[4]{0}, /*index=1*/f32[16]{0}) all-gather-start(%v), dimensions={0}
  %ag.done = f32[16]{0} all-gather-done(%ag)
  ROOT %reduce-scatter.5 = f32[2,4]{1,0} reduce-scatter(%u), dimensions={0}
  %fusion.6 = f32[8]{0} fusion(%all-reduce.2), calls=%all-reduce-like
}
"""


def test_operations_and_bytes_by_hand():
    assert find_collectives(PROGRAM) == (
        Collective("all-reduce", 3, (8 + 8 + 1) * 4 + 3 * 3 * 8 * 2),
        Collective("all-gather", 1, 16 * 4),
        Collective("reduce-scatter", 1, 8 * 4),
    )


def test_a_program_of_one_chip_has_none():
    assert find_collectives("%a = f32[8]{0} add(%b, %c)\n") == ()
