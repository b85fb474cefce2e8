"""Makes one_cycle.json: python3 tests/optim/make_one_cycle.py

What PyTorch's OneCycleLR does with AdamW: for some numbers of steps the rates and the first of AdamW's betas at each step,
and a weight after each of ten steps along given gradients.
"""

import json
from pathlib import Path

import torch

torch.set_default_dtype(torch.float64)


def run(total, gradients=None):
    weight = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)
    optimizer = torch.optim.AdamW([weight], lr=1, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.01, total_steps=total, pct_start=0.2, div_factor=25, final_div_factor=100
    )
    rates, momenta, after = [], [], []
    for step in range(total):
        group = optimizer.param_groups[0]
        rates.append(group["lr"])
        momenta.append(group["betas"][0])
        weight.grad = torch.zeros(3) if gradients is None else torch.tensor(gradients[step])
        optimizer.step()
        after.append(weight.tolist())
        if step < total - 1:
            schedule.step()
    return {"total": total, "rates": rates, "momenta": momenta, **({} if gradients is None else {"after": after})}


gradients = [[0.1 * (step + 1), -0.3, 0.05 * (-1) ** step] for step in range(10)]
cases = [run(total) for total in [6, 25, 103]]
result = {"torch": torch.__version__, "cases": cases, "gradients": gradients, "trained": run(10, gradients)}
(Path(__file__).parent / "one_cycle.json").write_text(json.dumps(result, indent=1) + "\n")
