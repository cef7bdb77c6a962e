from __future__ import annotations

from superxception_jax.studies.scaling.case import FAILED, PENDING, Compiled
from superxception_jax.studies.scaling.scaling_plan import plan_cases
from superxception_jax.studies.scaling.scaling_run import largest_batches
from tests.studies.scaling.scaling_samples import REQUEST, FakeCompiler, results_of


def test_everything_is_compiled_once():
    compiler = FakeCompiler()
    first = results_of(compiler=compiler)
    assert len(set(compiler.asked)) == len(compiler.asked)
    assert first.left == 0
    asked = list(compiler.asked)
    assert results_of(compiler=compiler).rows == first.rows
    assert compiler.asked == asked


def test_a_study_that_ran_out_of_time_goes_on():
    compiler = FakeCompiler()
    stopped = results_of(compiler=compiler, has_time=lambda: len(compiler.asked) < 5)
    assert len(compiler.asked) == 5
    assert stopped.left == len(stopped.rows) - 5
    assert stopped.find([plan_cases(REQUEST)[5]])[0].compiled.status == PENDING
    whole = results_of(compiler=compiler)
    assert whole.left == 0
    assert whole.rows == results_of().rows


def test_the_largest_batch_is_found_and_the_next_is_refused():
    rows = results_of().rows
    largest, refused = largest_batches(rows)["v5e", "float32"]
    # The stand-in refuses more than 100 images a chip, although the line allows 126.
    assert largest.case.images == 96
    assert refused is not None
    assert refused.case.images == 104


def test_a_failure_is_reported_and_tried_again_by_the_next_call():
    class Broken(FakeCompiler):
        def compile(self, case):
            self.asked.append(case)
            return Compiled(FAILED, message="the compiler ended with signal SIGSEGV: no output")

    compiler = Broken()
    results = results_of(compiler=compiler)
    assert {row.compiled.status for row in results.rows} == {FAILED}
    assert results.left == len(results.rows)
    assert compiler.stored(compiler.asked[0]).status == PENDING
