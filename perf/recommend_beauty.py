"""The blend on Amazon Beauty, strict leave-one-out over all items: HR@10 and NDCG@10 against their bounds.

The ratios to "popular", from the same run, stand beside them, and the CPU time of fitting, tuning and judging together.
"""

import os
import sys
import time
from pathlib import Path

from graphsvc.evaluate.recommend import evaluate_sequences
from perf._verdicts import said

BOUNDS = {"hr@10": 0.094, "ndcg@10": 0.0575}


def main() -> int:
    folder = Path(os.environ.get("GRAPHSVC_DATA", "../shared/data")) / "recommendation" / "amazon-beauty"
    if not folder.is_dir():
        print("recommend_beauty: not run, the data set is absent (set GRAPHSVC_DATA)")
        return 0
    start = time.process_time()
    found = evaluate_sequences(str(folder / "sequences.txt"), str(folder / "item-attributes.json"))
    cpu = (time.process_time() - start) * 1000
    for name, values in found["systems"].items():
        print(f"{name}: HR@10 {values['hr@10']:.4f}, NDCG@10 {values['ndcg@10']:.4f}")
    print(f"{found['users']} users, {found['items']} items; fitted, tuned and judged in {cpu:.0f} CPU ms")
    held = True
    for metric, bound in BOUNDS.items():
        blend, popular = found["systems"]["blend"][metric], found["systems"]["popular"][metric]
        holds = blend >= bound
        held &= holds
        print(f"blend {metric} = {blend:.4f} ({blend / popular:.1f}× popular), bound {bound}: {said(holds)}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
