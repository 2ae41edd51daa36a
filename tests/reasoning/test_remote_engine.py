"""The remote engine against a server that misbehaves on purpose; test_remote_server.py has a real one."""

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cases.case import read_case
from reasoning.answer import read_answer, write_answer
from reasoning.answer_grammar import AnswerGrammar
from reasoning.differential import Likelihood, Status
from reasoning.engines.engine import Chunk, EngineError, Phase, Request, Sampling
from reasoning.engines.remote.address import on_this_machine, read_address, sent_to
from reasoning.engines.remote.json_answer import schema, to_lines
from reasoning.engines.remote.remote import RemoteEngine
from reasoning.engines.remote.servers import servers
from reasoning.engines.remote.settings import RemoteSettings
from reasoning.engines.remote.wire import Patience
from reasoning.events import Concluded, Failed, Finished, SampleFinished, Started
from reasoning.strategies import Budget, build, run_strategy
from tests.reasoning.model_server import ModelServer, breaks_off, endless, fails, hangs_up, says, serving, silent

NOTE = "63F with sudden SOB and pleuritic chest pain. L calf 3 cm > R. No fever."
CASE = read_case(NOTE)
ANSWER = (
    '1. Pulmonary embolism | leading | likely\nfor: "sudden SOB"\nagainst: none\nmissing: D-dimer\n'
    '2. Pneumothorax | plausible | possible\nfor: "pleuritic chest pain"\nagainst: none\nmissing: none\n'
    '3. Acute pericarditis | unlikely | unlikely\nfor: none\nagainst: "No fever"\nmissing: none\n'
    "unexplained: none\nnext: CT pulmonary angiogram\n"
)
THINK = Phase("thinking", "<think>\n", 20, "</think>")
REPLY = Phase("answer", "\n<answer>\n", 40, "</answer>", grammar=lambda: AnswerGrammar(NOTE))
LONG = Phase("answer", "\n<answer>\n", 400, "</answer>", grammar=REPLY.grammar)
PATIENCE = Patience(connect=2, silence=5, pause=0.01, retries=2)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as running:
        yield running


def engine(server: ModelServer, **more: Any) -> RemoteEngine:
    return RemoteEngine(RemoteSettings(**{"url": server.url, "patience": PATIENCE, **more}))


def asking(*phases: Phase, **more: Any) -> Request:
    return Request([{"role": "user", "content": NOTE}], phases or (REPLY,), **more)


def stream(asked: RemoteEngine, *requests: Request) -> list[Chunk]:
    return list(asked.stream(requests or [asking()]))


def text_of(chunks: list[Chunk], phase: str, sample: int = 0) -> str:
    return "".join(c.text for c in chunks if c.phase == phase and c.sample == sample and not (c.forced and not c.finish))


def tokens_of(chunks: list[Chunk], phase: str) -> int:
    return sum(c.tokens for c in chunks if c.phase == phase and not c.forced)


def warnings_of(chunks: list[Chunk]) -> list[str]:
    return [c.warning for c in chunks if c.warning]


class TestTheAddress:
    def test_a_note_does_not_travel_unencrypted_unless_a_setting_allows_it(self) -> None:
        with pytest.raises(EngineError, match=r"unencrypted.*SOLILOQUY_REMOTE_PLAIN_HTTP"):
            read_address("http://gpu.example.org:8000/v1")
        assert read_address("http://gpu.example.org:8000/v1", plain_http=True).host == "gpu.example.org"
        assert read_address("https://gpu.example.org").base == "https://gpu.example.org/v1"

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
    def test_loopback_needs_no_encryption(self, host: str) -> None:
        address = read_address(f"http://{host}:8000")
        assert on_this_machine(address.host)
        assert address.base == f"http://{host}:8000/v1"
        assert "on this machine" in sent_to(address.host)

    @pytest.mark.parametrize("host", ["localhost.example.org", "127.0.0.1.example.org", "10.0.0.1", "0.0.0.0"])
    def test_what_only_looks_like_loopback_is_none(self, host: str) -> None:
        assert not on_this_machine(host)
        assert sent_to(host).startswith("The note leaves this machine")

    @pytest.mark.parametrize("url", ["https://user:secret@example.org/v1", "https://example.org/v1?key=secret"])
    def test_a_key_in_the_address_is_refused_and_not_repeated(self, url: str) -> None:
        with pytest.raises(EngineError, match="SOLILOQUY_REMOTE_KEY") as error:
            read_address(url)
        assert "secret" not in str(error.value)

    @pytest.mark.parametrize("url", ["", "gpu.example.org", "ftp://example.org", "https://", "https://[half", "https://a:b:c"])
    def test_what_is_no_address_is_refused(self, url: str) -> None:
        with pytest.raises(EngineError, match="is not an address"):
            read_address(url)

    def test_a_path_before_the_version_is_kept(self) -> None:
        address = read_address("https://example.org/models/v1/")
        assert (address.base, address.root) == ("https://example.org/models/v1", "https://example.org/models")


class TestBeforeAnythingIsSent:
    def test_nobody_there(self) -> None:
        with serving() as gone:
            url = gone.url
        with pytest.raises(EngineError, match=r"No server answers at 127\.0\.0\.1"):
            RemoteEngine(RemoteSettings(url=url, patience=PATIENCE))

    def test_the_only_model_is_taken_and_a_missing_one_is_refused_with_those_there_are(self, server: ModelServer) -> None:
        assert engine(server).card.id == "clinic-32b"
        with pytest.raises(EngineError, match=r"does not serve other.*such as clinic-32b"):
            engine(server, model="other")
        server.models = []
        with pytest.raises(EngineError, match="SOLILOQUY_REMOTE_MODEL"):
            engine(server)

    def test_a_server_without_a_list_is_asked_for_the_named_model(self, server: ModelServer) -> None:
        server.models_status = 500
        assert engine(server, model="named").card.id == "named"

    def test_a_wrong_key_is_told_at_once(self, server: ModelServer) -> None:
        server.models_status = 401
        with pytest.raises(EngineError, match="SOLILOQUY_REMOTE_KEY"):
            engine(server, key=SecretStr("wrong"))

    @pytest.mark.parametrize(("owner", "kind"), [("vllm", "vLLM"), ("sglang", "SGLang"), ("llamacpp", "llama.cpp"), ("me", "an OpenAI")])
    def test_the_kind_of_server_is_found_by_what_it_says_of_its_models(self, server: ModelServer, owner: str, kind: str) -> None:
        server.models = [{"id": "m", "owned_by": owner, "max_model_len": 9000}]
        card = engine(server).card
        assert card.decoding.startswith(kind)
        assert card.context == 9000

    def test_the_card_says_that_notes_go_to_a_server_and_to_which(self, server: ModelServer) -> None:
        card = engine(server, adapters={"longstep": "clinic-lora"}).card
        assert (card.device, card.sends_to) == ("remote server 127.0.0.1", "127.0.0.1")
        assert card.quantization == "as the server runs it"
        assert "longstep" in card.adapters
        assert "longstep is served as clinic-lora" in card.decoding
        assert "one request" in card.decoding

    def test_what_the_kind_of_server_cannot_do_is_refused(self, server: ModelServer) -> None:
        with pytest.raises(EngineError, match="takes no grammar"):
            engine(server, answers="grammar")
        with pytest.raises(EngineError, match="takes no JSON schema"):
            engine(server, kind="transformers", model="m", answers="schema")
        with pytest.raises(EngineError, match="SOLILOQUY_REMOTE_SERVER is none of"):
            engine(server, kind="vlm")
        with pytest.raises(EngineError, match="SOLILOQUY_REMOTE_TOKENIZER"):
            engine(server, tokenizer=Path("/nowhere"))


class TestWhatIsSent:
    def test_seed_temperature_and_limits_are_those_of_the_sample(self, server: ModelServer) -> None:
        server.script = [says(ANSWER)]
        stream(engine(server), asking(samples=2, seed=7, sampling=Sampling(0.7, 0.9)))
        assert sorted(body["seed"] for body in server.bodies) == [7, 8]
        assert {(body["temperature"], body["top_p"], body["model"]) for body in server.bodies} == {(0.7, 0.9, "clinic-32b")}
        assert server.asked[0][0] == "/v1/chat/completions"

    def test_the_key_travels_in_the_header_and_nowhere_else(self, server: ModelServer, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        server.script = [fails(401)]
        settings = RemoteSettings(url=server.url, key=SecretStr("s3cret"), patience=PATIENCE)
        asked = RemoteEngine(settings)
        with pytest.raises(EngineError) as error:
            stream(asked)
        assert server.keys == ["Bearer s3cret"]
        told = f"{settings!r} {asked.card!r} {error.value} {caplog.text} {json.dumps(server.bodies)}"
        assert "s3cret" not in told

    def test_no_log_line_holds_the_note(self, server: ModelServer, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        server.script = [says(ANSWER)]
        stream(engine(server))
        assert "SOB" not in caplog.text

    def test_an_adapter_is_the_model_by_which_the_server_offers_it(self, server: ModelServer) -> None:
        server.script = [says(ANSWER)]
        stream(engine(server, adapters={"longstep": "clinic-lora"}), asking(adapter="longstep"))
        assert server.bodies[0]["model"] == "clinic-lora"
        with pytest.raises(EngineError, match="no adapter longmonolog"):
            stream(engine(server), asking(adapter="longmonolog"))

    def test_limits_give_way_to_a_context_that_is_known(self, server: ModelServer) -> None:
        server.models = [{"id": "m", "max_model_len": 80}]
        server.script = [says(ANSWER)]
        stream(engine(server), asking(Phase("answer", "", 500, "</answer>")))
        assert 40 <= server.bodies[0]["max_tokens"] < 80
        server.models = [{"id": "m", "max_model_len": 10}]
        with pytest.raises(EngineError, match="shorten the note"):
            stream(engine(server))

    def test_samplers_of_the_servers_own_are_switched_off(self, server: ModelServer) -> None:
        server.script = [says(ANSWER)]
        stream(engine(server, kind="vllm"))
        assert server.bodies[0]["repetition_penalty"] == 1.0
        assert server.bodies[0]["top_k"] == -1


class TestFailures:
    def test_a_busy_server_is_asked_again_when_it_said_so(self, server: ModelServer) -> None:
        server.script = [fails(429, **{"Retry-After": "0"}), fails(503), says(ANSWER)]
        assert read_answer(text_of(stream(engine(server)), "answer"))
        assert len(server.asked) == 3

    @pytest.mark.parametrize(("status", "told"), [(500, "fails .500.: look into its log"), (429, "too busy")])
    def test_patience_ends(self, server: ModelServer, status: int, told: str) -> None:
        server.script = [fails(status)]
        with pytest.raises(EngineError, match=told):
            stream(engine(server))
        assert len(server.asked) == 1 + PATIENCE.retries

    @pytest.mark.parametrize(
        ("status", "document", "told"),
        [
            (403, {}, "SOLILOQUY_REMOTE_KEY"),
            (404, {}, "SOLILOQUY_REMOTE_MODEL"),
            (422, {"detail": NOTE}, "docs/remote.md"),
            (307, {}, "sends on to another address"),
            (400, {"error": f"This model's maximum context length is 10 tokens. {NOTE}"}, "longer than the context"),
        ],
    )
    def test_a_refusal_is_final_says_what_to_do_and_repeats_nothing_of_the_note(
        self, server: ModelServer, status: int, document: object, told: str
    ) -> None:
        server.script = [fails(status, document, Location="http://example.org/")]
        with pytest.raises(EngineError, match=told) as error:
            stream(engine(server))
        assert len(server.asked) == 1
        assert "SOB" not in str(error.value)

    def test_a_connection_that_breaks_before_the_first_word_is_tried_again(self, server: ModelServer) -> None:
        server.script = [hangs_up, breaks_off(""), says(ANSWER)]
        assert read_answer(text_of(stream(engine(server)), "answer"))
        assert len(server.asked) == 3

    def test_one_that_breaks_in_the_middle_is_not(self, server: ModelServer) -> None:
        server.script = [breaks_off("1. Pulm"), says(ANSWER)]
        with pytest.raises(EngineError, match="before the reply was complete"):
            stream(engine(server))
        assert len(server.asked) == 1

    @pytest.mark.parametrize("pings", [False, True])
    def test_silence_ends_in_a_time_out_even_when_the_connection_is_kept_open(self, server: ModelServer, pings: bool) -> None:
        server.script = [silent(pings)]
        with pytest.raises(EngineError, match=r"said nothing for 0\.3 seconds"):
            stream(engine(server, patience=Patience(silence=0.3)))

    def test_an_error_in_the_stream_and_what_is_no_reply_at_all(self, server: ModelServer) -> None:
        def error(handler: Any, _: object) -> None:
            handler.begin()
            handler.event(error={"message": NOTE})

        def nonsense(handler: Any, _: object) -> None:
            handler.begin()
            handler.write("data: <html>")

        server.script = [error]
        with pytest.raises(EngineError, match="broke off with an error") as told:
            stream(engine(server))
        assert "SOB" not in str(told.value)
        server.script = [nonsense]
        with pytest.raises(EngineError, match="no OpenAI reply"):
            stream(engine(server))

    def test_a_failed_run_tells_its_samples_and_why(self, server: ModelServer) -> None:
        server.script = [breaks_off("1. Pulmonary embolism")]
        events = list(run_strategy(build("vanilla"), CASE, engine(server), Budget()))
        assert isinstance(events[-1], Failed)
        assert "before the reply was complete" in events[-1].message
        assert any(isinstance(event, SampleFinished) for event in events)


class TestManyAtOnce:
    def test_all_samples_and_requests_are_asked_at_once(self, server: ModelServer) -> None:
        together = threading.Barrier(6, timeout=5)

        def waits(handler: Any, body: dict[str, Any]) -> None:
            together.wait()
            says(ANSWER)(handler, body)

        server.script = [waits]
        chunks = stream(engine(server), asking(samples=4), asking(samples=2))
        assert {(c.request, c.sample) for c in chunks if c.last} == {(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1)}

    def test_no_more_than_allowed(self, server: ModelServer) -> None:
        server.script = [says(ANSWER)]
        stream(engine(server, concurrency=2), asking(samples=7))
        assert len(server.asked) == 7
        assert server.most_running <= 2

    def test_closing_the_stream_closes_the_connections(self, server: ModelServer) -> None:
        server.script = [endless()]
        chunks = engine(server).stream([asking(Phase("answer", "", 4000, "</answer>"), samples=3)])
        next(chunk for chunk in chunks if chunk.tokens)
        chunks.close()
        assert server.left.wait(5)

    def test_a_run_can_be_stopped_while_the_server_is_silent(self, server: ModelServer) -> None:
        server.script = [silent(pings=True)]
        stop = threading.Event()
        threading.Thread(target=lambda: server.arrived.wait(5) and stop.set()).start()
        events = list(run_strategy(build("vanilla"), CASE, engine(server), Budget(), stop.is_set))
        assert isinstance(events[-1], Finished)
        assert events[-1].cancelled
        assert server.left.wait(5)

    def test_signs_of_life_do_not_end_a_sample_twice(self, server: ModelServer) -> None:
        slow = threading.Event()

        def late(handler: Any, body: dict[str, Any]) -> None:
            slow.wait(0.7)
            says(ANSWER)(handler, body)

        server.script = [says(ANSWER), late]
        events = list(run_strategy(build("majority_vote", samples=2, inner="vanilla"), CASE, engine(server), Budget()))
        assert sum(isinstance(event, SampleFinished) for event in events) == 2


class TestOneRequest:
    """Servers that cannot go on behind a text."""

    @pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
    def test_the_servers_own_field_is_the_thinking(self, server: ModelServer, field: str) -> None:
        server.script = [says(f"<answer>\n{ANSWER}</answer>", thought="first one then another", field=field)]
        chunks = stream(engine(server), asking(THINK, REPLY))
        assert text_of(chunks, "thinking") == "first one then another"
        assert text_of(chunks, "answer").strip() == ANSWER.strip()
        assert tokens_of(chunks, "thinking") == 4

    @pytest.mark.parametrize(
        "text",
        [
            f"<think>\nfirst one</think>\n<answer>\n{ANSWER}</answer>",
            f"first one</think>\n\n<answer>\n{ANSWER}",
            f"<think>first one</think>\nHere it is:\n<answer>\n{ANSWER}</answer>\nBye.",
            f"<think>first one\n</think>\n{ANSWER}",
        ],
        ids=["both tags", "opening in the prompt", "words around", "no answer tags"],
    )
    def test_tags_in_the_text_part_thinking_and_answer(self, server: ModelServer, text: str) -> None:
        server.script = [says(text)]
        chunks = stream(engine(server), asking(THINK, REPLY))
        assert text_of(chunks, "thinking").strip() == "first one"
        assert read_answer(text_of(chunks, "answer")) == read_answer(ANSWER)
        assert [(c.phase, c.finish) for c in chunks if c.finish] == [("thinking", "stop"), ("answer", "stop")]
        assert len(server.asked) == 1

    def test_a_reply_without_any_tag_is_the_answer_and_the_lack_of_reasoning_is_told(self, server: ModelServer) -> None:
        server.script = [says(ANSWER)]
        chunks = stream(engine(server), asking(THINK, REPLY))
        assert read_answer(text_of(chunks, "answer")) == read_answer(ANSWER)

    def test_thinking_that_was_cut_has_no_answer(self, server: ModelServer) -> None:
        server.script = [says("<think>\nfirst one and", finish="length")]
        chunks = stream(engine(server), asking(THINK, REPLY))
        assert text_of(chunks, "answer") == ""
        assert [(c.phase, c.finish, c.last) for c in chunks if c.finish] == [("thinking", "length", False), ("answer", "length", True)]

    def test_a_thinking_limit_that_was_ignored_is_told_in_the_result(self, server: ModelServer) -> None:
        thought = " ".join(["and"] * 30)
        server.script = [says(f"<answer>\n{ANSWER}</answer>", thought, usage={"completion_tokens_details": {"reasoning_tokens": 31}})]
        events = list(run_strategy(build("cot"), CASE, engine(server), Budget(thinking_tokens=16)))
        concluded = next(event for event in events if isinstance(event, Concluded))
        assert "The server thought for 31 tokens, and 16 were allowed: it takes no thinking limit." in concluded.warnings
        sample = next(event for event in events if isinstance(event, SampleFinished))
        assert (sample.usage.thinking_tokens, sample.usage.prompt_tokens) == (31, 50)

    def test_a_model_that_thinks_unasked_is_told_not_to(self, server: ModelServer) -> None:
        server.script = [says(ANSWER)]
        stream(engine(server, kind="transformers", model="m"))
        assert server.bodies[0]["chat_template_kwargs"] == {"enable_thinking": False}

    def test_text_that_would_have_to_be_forced_is_refused(self, server: ModelServer) -> None:
        with pytest.raises(EngineError, match="SOLILOQUY_REMOTE_TOKENIZER"):
            stream(engine(server), asking(Phase("answer", "Final Answer: ", 20)))
        with pytest.raises(EngineError, match="cannot go on behind a text"):
            stream(engine(server), asking(THINK, THINK, REPLY))
        assert server.asked == []

    def test_a_server_that_does_not_stream_is_read_all_the_same(self, server: ModelServer) -> None:
        message = {"role": "assistant", "content": f"<answer>\n{ANSWER}</answer>"}
        usage = {"prompt_tokens": 9, "completion_tokens": 33}
        server.script = [fails(200, {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})]
        chunks = stream(engine(server))
        assert read_answer(text_of(chunks, "answer")) == read_answer(ANSWER)
        assert tokens_of(chunks, "answer") == 33


class TestCounts:
    def test_tokens_are_the_servers_own_count(self, server: ModelServer) -> None:
        server.script = [says(ANSWER, usage={"completion_tokens": 38})]
        chunks = stream(engine(server))
        assert tokens_of(chunks, "answer") == 38
        assert warnings_of(chunks) == []

    def test_a_count_below_the_pieces_is_believed_too(self, server: ModelServer) -> None:
        server.script = [says(ANSWER, usage={"completion_tokens": 5})]
        assert tokens_of(stream(engine(server)), "answer") == 5

    def test_without_a_count_it_is_an_estimate_and_says_so(self, server: ModelServer) -> None:
        server.script = [says(ANSWER, usage=False)]
        chunks = stream(engine(server))
        assert tokens_of(chunks, "answer") == len(ANSWER.split(" "))
        assert any("estimates" in warning for warning in warnings_of(chunks))

    def test_a_limit_that_is_ignored_in_silence_is_told(self, server: ModelServer) -> None:
        server.script = [says(ANSWER, usage={"completion_tokens": 900})]
        warnings = warnings_of(stream(engine(server)))
        assert any("does not keep to the limit" in warning for warning in warnings)

    def test_a_server_that_runs_on_and_on_is_cut_off_at_the_limit(self, server: ModelServer) -> None:
        server.script = [endless(0.001)]
        chunks = stream(engine(server, kind="vllm"), asking(Phase("answer", "", 30, "</answer>")))
        assert [c.finish for c in chunks if c.last] == ["length"]
        assert tokens_of(chunks, "answer") == 31
        assert server.left.wait(5)

    def test_log_probabilities_count_tokens_and_give_the_samples_mean(self, server: ModelServer) -> None:
        def certain(handler: Any, _: object) -> None:
            handler.begin()
            two = {"content": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.0}]}
            handler.event(choices=[{"delta": {"content": ANSWER}, "logprobs": two}])
            handler.event(choices=[{"delta": {}, "finish_reason": "stop"}])

        server.script = [certain]
        chunks = stream(engine(server, kind="vllm"), asking())
        assert server.bodies[0]["logprobs"] is True
        assert [(c.tokens, c.logprob) for c in chunks if c.logprob is not None] == [(2, -1.5)]

    def test_line_separators_inside_a_text_do_not_cut_it(self, server: ModelServer) -> None:
        server.script = [says("fever\u2028cough\x85pain")]
        assert text_of(stream(engine(server, kind="vllm")), "answer") == "fever\u2028cough\x85pain"


class TestGoingOn:
    """Servers that go on behind a text: each phase is a request."""

    def test_the_answer_is_asked_for_behind_the_thinking(self, server: ModelServer) -> None:
        server.script = [says("first one"), says(ANSWER)]
        chunks = stream(engine(server, kind="vllm"), asking(THINK, REPLY))
        thinking, answer = server.bodies
        assert thinking["messages"][-1] == {"role": "assistant", "content": "<think>\n"}
        assert (thinking["stop"], thinking["max_tokens"]) == (["</think>"], 20)
        assert answer["messages"][-1]["content"] == "<think>\nfirst one</think>\n<answer>\n"
        assert answer["continue_final_message"] is True
        assert answer["add_generation_prompt"] is False
        assert text_of(chunks, "thinking") == "first one"
        assert text_of(chunks, "answer") == ANSWER
        assert [(c.phase, c.finish, c.last) for c in chunks if c.finish] == [("thinking", "stop", False), ("answer", "stop", True)]

    def test_thinking_is_closed_at_its_limit_and_the_answer_still_comes(self, server: ModelServer) -> None:
        server.script = [says("one two three", finish="length"), says(ANSWER)]
        chunks = stream(engine(server, kind="sglang"), asking(THINK, REPLY))
        assert server.bodies[1]["messages"][-1]["content"] == "<think>\none two three</think>\n<answer>\n"
        assert [c.finish for c in chunks if c.finish] == ["length", "stop"]

    def test_a_stop_that_the_server_leaves_in_the_text_is_taken_out(self, server: ModelServer) -> None:
        server.script = [says("one two</think> ignored"), says(ANSWER + "</answer>")]
        chunks = stream(engine(server, kind="vllm"), asking(THINK, REPLY))
        assert text_of(chunks, "thinking") == "one two"
        assert text_of(chunks, "answer") == ANSWER

    def test_text_in_the_wrong_field_still_belongs_to_the_phase_that_was_asked_for(self, server: ModelServer) -> None:
        server.script = [says("one two"), says("", thought=ANSWER)]
        chunks = stream(engine(server, kind="vllm"), asking(THINK, REPLY))
        assert text_of(chunks, "answer") == ANSWER

    def test_budget_forcing_continues_a_thought_that_ends_too_early(self, server: ModelServer) -> None:
        server.script = [says("one two"), says(" three four five six seven"), says(ANSWER)]
        forced = Phase("thinking", "<think>\n", 20, "</think>", minimum_tokens=6, continue_with=" Wait")
        chunks = stream(engine(server, kind="vllm"), asking(forced, REPLY))
        assert text_of(chunks, "thinking") == "one two Wait three four five six seven"
        assert [c.finish for c in chunks if c.finish] == ["continued", "stop", "stop"]
        assert server.bodies[1]["messages"][-1]["content"] == "<think>\none two Wait"
        assert server.bodies[1]["max_tokens"] == 20 - 2 - 2

    def test_given_text_begins_the_phase(self, server: ModelServer) -> None:
        server.script = [says(" and so on"), says(ANSWER)]
        chunks = stream(engine(server, kind="vllm"), asking(Phase("thinking", "<think>\n", 20, "</think>", given="My first"), REPLY))
        assert server.bodies[0]["messages"][-1]["content"] == "<think>\nMy first"
        assert [c.text for c in chunks if c.forced][:2] == ["<think>\n", "My first"]

    def test_a_template_that_the_server_fills_in_is_gone_on_with_behind_the_prompt(self, server: ModelServer) -> None:
        def either(handler: Any, body: dict[str, Any]) -> None:
            if handler.path == "/apply-template":
                handler.answer(200, {"prompt": f"[user]{body['messages'][0]['content']}[assistant]"})
            else:
                says("one two" if "<answer>" not in body["prompt"] else ANSWER)(handler, body)

        server.script = [either]
        server.models = [{"id": "../models/m.gguf", "owned_by": "llamacpp", "meta": {"n_ctx_train": 4096}}]
        asked = engine(server)
        chunks = stream(asked, asking(THINK, REPLY))
        prompts = [body["prompt"] for path, body in server.asked if path == "/v1/completions"]
        assert prompts == [f"[user]{NOTE}[assistant]<think>\n", f"[user]{NOTE}[assistant]<think>\none two</think>\n<answer>\n"]
        assert text_of(chunks, "answer") == ANSWER
        assert asked.prompt_text(asking().messages) == f"[user]{NOTE}[assistant]"
        assert (asked.card.id, asked.card.context) == ("m.gguf", 0)

    def test_a_penalty_that_no_server_applies_is_told(self, server: ModelServer) -> None:
        from reasoning.engines.engine import LogitsPenalty

        server.script = [says("one"), says(ANSWER)]
        penalised = Phase("thinking", "<think>\n", 20, "</think>", penalties=(LogitsPenalty(("Wait",), 3.0),))
        assert any("penalty" in warning for warning in warnings_of(stream(engine(server, kind="vllm"), asking(penalised, REPLY))))


class TestTheFormOfAnAnswer:
    def test_each_grammar_of_the_sequence_is_one_request(self, server: ModelServer) -> None:
        lines = ANSWER.splitlines(keepends=True)
        hypotheses = ["".join(lines[i : i + 4]) for i in (0, 4, 8)]
        tail = "".join(lines[12:])
        server.script = [*map(says, hypotheses), says(tail)]
        chunks = stream(engine(server, kind="vllm", answers="grammar"), asking(LONG))
        source = AnswerGrammar(NOTE)
        written = ["".join(hypotheses[:count]) for count in range(4)]
        assert [body["structured_outputs"]["grammar"] for body in server.bodies] == [source.next_grammar(text) for text in written]
        assert all("stop" not in body for body in server.bodies)
        assert text_of(chunks, "answer") == ANSWER
        assert [c.finish for c in chunks if c.last] == ["stop"]

    def test_a_server_that_writes_nothing_under_a_grammar_is_not_asked_for_ever(self, server: ModelServer) -> None:
        server.script = [says("")]
        with pytest.raises(EngineError, match="SOLILOQUY_REMOTE_ANSWER=lines"):
            stream(engine(server, kind="vllm", answers="grammar"))

    def test_a_json_document_becomes_the_same_differential(self, server: ModelServer) -> None:
        server.script = [says(json.dumps(DOCUMENT))]
        asked = engine(server, answers="schema")
        chunks = stream(asked, asking(LONG))
        assert read_answer(text_of(chunks, "answer")) == read_answer(ANSWER)
        format = server.bodies[0]["response_format"]
        assert format["type"] == "json_schema"
        assert format["json_schema"]["schema"] == schema()
        assert "JSON object" in server.bodies[0]["messages"][-1]["content"]
        assert "JSON object" in asked.prompt_text(asking().messages)

    def test_under_a_schema_the_document_follows_the_thinking(self, server: ModelServer) -> None:
        server.script = [says("one two"), says(json.dumps(DOCUMENT))]
        chunks = stream(engine(server, kind="vllm", answers="schema"), asking(THINK, LONG))
        assert "response_format" not in server.bodies[0]
        assert read_answer(text_of(chunks, "answer")) == read_answer(ANSWER)

    def test_signs_that_part_a_line_do_not_survive_in_a_name_or_a_quotation(self) -> None:
        first = {**DOCUMENT["hypotheses"][0], "diagnosis": "PE | <b>x</b>; y", "supporting": ['says "worst\never"']}
        lines = to_lines(json.dumps({**DOCUMENT, "hypotheses": [first, *DOCUMENT["hypotheses"][1:]]}))
        top = read_answer(lines or "").hypotheses[0]
        assert top.diagnosis == "PE bx/b, y"
        assert [q.quote for q in top.supporting] == ["says 'worst ever'"]

    def test_what_is_no_such_document_is_left_as_it_is(self) -> None:
        assert to_lines("none of it") is None
        assert to_lines('{"hypotheses": []}') is None

    def test_the_schema_is_strict_as_servers_want_it(self) -> None:
        def objects(part: Any) -> Iterator[dict[str, Any]]:
            if isinstance(part, dict):
                if part.get("type") == "object":
                    yield part
                for value in part.values():
                    yield from objects(value)

        found = list(objects(schema()))
        assert len(found) == 2
        assert all(each["additionalProperties"] is False and set(each["required"]) == set(each["properties"]) for each in found)


DOCUMENT: dict[str, Any] = {
    "hypotheses": [
        {
            "diagnosis": hypothesis.diagnosis,
            "status": Status(hypothesis.status).value,
            "likelihood": Likelihood(hypothesis.likelihood).value,
            "cannot_miss": hypothesis.cannot_miss,
            "supporting": [q.quote for q in hypothesis.supporting],
            "against": [q.quote for q in hypothesis.refuting],
            "missing": list(hypothesis.missing),
        }
        for hypothesis in read_answer(ANSWER).hypotheses
    ],
    "unexplained": [],
    "next_step": "CT pulmonary angiogram",
}


def test_the_result_says_where_the_note_went(server: ModelServer) -> None:
    server.script = [says(f"<answer>\n{ANSWER}</answer>")]
    events = list(run_strategy(build("vanilla"), CASE, engine(server), Budget()))
    started = next(event for event in events if isinstance(event, Started))
    assert "The note is sent to a model server on this machine (127.0.0.1)." in started.warnings
    concluded = next(event for event in events if isinstance(event, Concluded))
    assert [h.diagnosis for h in concluded.differential.hypotheses] == ["Pulmonary embolism", "Pneumothorax", "Acute pericarditis"]
    assert write_answer(read_answer(ANSWER)) == ANSWER


def test_every_kind_of_server_is_written_down_completely() -> None:
    assert set(servers()) == {"other", "vllm", "sglang", "llama.cpp", "transformers"}
    assert servers()["llama.cpp"].under_grammar("start: A")["grammar"] == "%llguidance {}\nstart: A"
    assert servers()["vllm"].under_grammar("start: A") == {"structured_outputs": {"grammar": "start: A"}}
