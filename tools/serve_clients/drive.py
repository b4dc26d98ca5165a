"""Drives a running server with the openai package: every endpoint, streaming and not, and the errors people meet.

  python drive.py http://127.0.0.1:PORT KEY
"""

import sys
import time

import openai

GREEDY = {"temperature": 0, "max_tokens": 12}
TALK = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Count to five."}]


def check(truth: bool, what: str) -> None:
    if not truth:
        raise AssertionError(what)


def models(client: openai.OpenAI) -> str:
    listed = client.models.list().data
    check(len(listed) >= 1 and listed[0].object == "model", "models.list")
    check(client.models.retrieve(listed[0].id).id == listed[0].id, "models.retrieve")
    try:
        client.models.retrieve("nobody")
        raise AssertionError("a model that is not there was found")
    except openai.NotFoundError:
        pass
    return listed[0].id


def completions(client: openai.OpenAI, model: str) -> None:
    whole = client.completions.create(model=model, prompt="def f(", **GREEDY)
    check(whole.object == "text_completion" and whole.usage.completion_tokens <= 12, "completions")
    pieces = list(client.completions.create(model=model, prompt="def f(", stream=True, **GREEDY,
                                            stream_options={"include_usage": True}))
    check("".join(c.choices[0].text for c in pieces if c.choices) == whole.choices[0].text, "streamed text differs")
    check(pieces[-1].choices == [] and pieces[-1].usage.completion_tokens == whole.usage.completion_tokens, "usage")
    two = client.completions.create(model=model, prompt=["a", "b"], n=2, max_tokens=3, seed=7)
    check([c.index for c in two.choices] == [0, 1, 2, 3], "list of prompts with n")
    check(two.choices[0].text == client.completions.create(model=model, prompt=["a", "b"], n=2, max_tokens=3, seed=7)
          .choices[0].text, "a seed repeats")
    ids = client.completions.create(model=model, prompt=[[5, 6, 7], [8]], max_tokens=2)
    check(ids.usage.prompt_tokens == 4, "token ids")
    scored = client.completions.create(model=model, prompt="x = 1", echo=True, logprobs=2, **GREEDY).choices[0]
    check(scored.text.startswith("x = 1") and scored.logprobs.token_logprobs[0] is None, "echo")
    check(len(scored.logprobs.tokens) == len(scored.logprobs.text_offset) == len(scored.logprobs.top_logprobs),
          "columns of logprobs")
    stopped = client.completions.create(model=model, prompt="def f(", stop=[":"], temperature=0, max_tokens=64)
    check(":" not in stopped.choices[0].text, "stop")


def chats(client: openai.OpenAI, model: str) -> None:
    whole = client.chat.completions.create(model=model, messages=TALK, **GREEDY)
    check(whole.choices[0].message.role == "assistant" and whole.object == "chat.completion", "chat")
    pieces = list(client.chat.completions.create(model=model, messages=TALK, stream=True, **GREEDY))
    check(pieces[0].choices[0].delta.role == "assistant", "the first piece has the role")
    check("".join(c.choices[0].delta.content or "" for c in pieces) == whole.choices[0].message.content,
          "streamed chat differs")
    check(pieces[-1].choices[0].finish_reason == whole.choices[0].finish_reason, "finish_reason")
    with client.chat.completions.stream(model=model, messages=TALK, **GREEDY,
                                        stream_options={"include_usage": True}) as stream:
        for _ in stream:
            pass
        check(stream.current_completion_snapshot.usage.total_tokens == whole.usage.total_tokens, "the stream helper")
    scored = client.chat.completions.create(model=model, messages=TALK, logprobs=True, top_logprobs=3, max_tokens=4)
    first = scored.choices[0].logprobs.content[0]
    check(len(first.top_logprobs) == 3 and first.logprob <= 0 and bytes(first.bytes) is not None, "logprobs")
    several = client.chat.completions.create(model=model, messages=TALK, n=3, max_completion_tokens=4)
    check(len(several.choices) == 3, "n")
    parts = [{"role": "developer", "content": "Be brief."},
             {"role": "user", "content": [{"type": "text", "text": "Count to five."}]}]
    same = client.chat.completions.create(model=model, messages=parts, **GREEDY)
    check(same.choices[0].message.content == whole.choices[0].message.content, "developer and parts are as system and text")
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
    client.chat.completions.create(model=model, messages=TALK, tools=tools, tool_choice="auto", max_tokens=2)
    client.chat.completions.create(model=model, messages=TALK, max_tokens=2, user="u", metadata={"a": "b"}, store=False,
                                   response_format={"type": "text"}, parallel_tool_calls=True, service_tier="auto")
    extra = client.chat.completions.create(
        model=model, messages=TALK, max_tokens=5,
        extra_body={"top_k": 1, "min_tokens": 5, "ignore_eos": True, "return_token_ids": True, "cache_salt": "s"})
    check(len(extra.choices[0].token_ids) == 5 and len(extra.prompt_token_ids) == extra.usage.prompt_tokens, "extras")


def errors(client: openai.OpenAI, model: str) -> None:
    for kind, param, fields in (
            (openai.BadRequestError, "temperature", {"temperature": -1}),
            (openai.BadRequestError, "max_tokens", {"max_tokens": 0}),
            (openai.BadRequestError, "response_format", {"response_format": {"type": "json_object"}}),
            (openai.NotFoundError, "model", {"model": "nobody"})):
        try:
            client.chat.completions.create(**{"model": model, "messages": TALK, **fields})
            raise AssertionError(f"{fields} was taken")
        except kind as e:
            check(e.param == param, f"{fields}: param is {e.param}")
    try:
        client.with_options(api_key="wrong").models.list()
        raise AssertionError("a wrong key was taken")
    except openai.AuthenticationError:
        pass


def leaving(client: openai.OpenAI, root: openai.OpenAI, model: str) -> None:
    stream = client.chat.completions.create(model=model, messages=TALK, stream=True, max_tokens=1500,
                                            extra_body={"ignore_eos": True})
    next(iter(stream))
    stream.close()
    deadline = time.monotonic() + 10
    while root.get("/load", cast_to=dict)["server_load"]:
        check(time.monotonic() < deadline, "a client went away and its answer is still being made")
        time.sleep(0.01)


def main() -> None:
    url, key = sys.argv[1:]
    client = openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0, timeout=60)
    model = models(client)
    completions(client, model)
    chats(client, model)
    errors(client, model)
    root = client.with_options(base_url=url)
    leaving(client, root, model)
    tokens = root.post("/tokenize", cast_to=dict, body={"prompt": "def f("})
    check(root.post("/detokenize", cast_to=dict, body={"tokens": tokens["tokens"]})["prompt"].endswith("def f("), "tokens")
    check("version" in root.get("/version", cast_to=dict), "version")
    print("the openai package of Python: all well")


if __name__ == "__main__":
    main()
