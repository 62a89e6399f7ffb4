"""LiteLLM's Router in the place of our server, at the settings that served it best: started by chaos.py with a Python that has it.

Its settings: latency-based routing, a time limit of 1 s for each try, three retries, out for 3 s after one failure.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from typing import Any

import litellm

Json = dict[str, Any]


def router(tools: dict[str, str]) -> litellm.Router:
    models = [
        {"model_name": "any", "litellm_params": {"model": "openai/m", "api_base": url, "api_key": "none"}, "model_info": {"id": name}}
        for name, url in tools.items()
    ]
    return litellm.Router(
        model_list=models,
        routing_strategy="latency-based-routing",
        timeout=1.0,
        num_retries=3,
        retry_after=0,
        allowed_fails=1,
        cooldown_time=3,
    )


async def drive(job: Json) -> Json:
    asking, ms, notes = router(job["tools"]), [], {}
    begun, asked = time.perf_counter(), 0

    async def person(number: int) -> None:
        nonlocal asked
        rng = random.Random(f"{job['seed']}:{number}")
        while time.perf_counter() - begun < job["seconds"] or asked < job["requests"]:
            await asyncio.sleep(rng.expovariate(1 / job["pause_s"]))
            asked += 1
            sent = time.perf_counter()
            text = await ask(asking, job, number)
            took = (time.perf_counter() - sent) * 1e3
            kind = "whole" if text.endswith(job["ending"]) else "cut" if text else "none"
            notes[kind] = notes.get(kind, 0) + 1
            if kind == "whole" and took <= job["deadline_s"] * 1e3:
                ms.append(took)

    await asyncio.gather(*(person(number) for number in range(len(job["prompts"]))))
    return {"asked": asked, "ms": ms, "notes": notes}


async def ask(asking: litellm.Router, job: Json, number: int) -> str:
    messages = [{"role": "user", "content": f"Fill in the gap:\n{job['prompts'][number]}"}]
    try:
        async with asyncio.timeout(job["deadline_s"]):
            answer = await asking.acompletion(model="any", messages=messages, max_tokens=128)
    except Exception as error:  # noqa: BLE001 - whatever it raises, it did not answer
        print(type(error).__name__, file=sys.stderr)
        return ""
    return answer.choices[0].message.content or ""


def main() -> None:
    job = json.loads(sys.stdin.readline())
    print("ready", flush=True)
    sys.stdin.readline()
    used = time.process_time()
    found = asyncio.run(drive(job))
    print(json.dumps(found | {"cpu_s": time.process_time() - used}), flush=True)


if __name__ == "__main__":
    main()
