"""Deliberate faults of the services around a decision, which `mutants` runs against their tests.

They break what the middleware, AuthZEN, the server of bundles, signatures, patches and replays
promise to those who rely on them.
"""

from __future__ import annotations

from typing import Final

__all__ = ["FAULTS"]

_MIDDLEWARE: Final = "python/ramgate/middleware"
_ASGI: Final = f"{_MIDDLEWARE}/asgi.py"
_CURRENT: Final = f"{_MIDDLEWARE}/current.py"
_OUTCOME: Final = f"{_MIDDLEWARE}/outcome.py"
_PUBLIC: Final = f"{_MIDDLEWARE}/public_paths.py"
_TEMPLATE: Final = f"{_MIDDLEWARE}/template.py"
_VISIT: Final = f"{_MIDDLEWARE}/visit.py"
_WSGI_RESPONSE: Final = f"{_MIDDLEWARE}/wsgi_response.py"

_ENTITY: Final = "rego/authzen/entity/entity.rego"
_EVALUATIONS: Final = "rego/authzen/evaluations/evaluations.rego"
_QUESTION: Final = "rego/authzen/question/question.rego"
_ROUTE: Final = "rego/authzen/route/route.rego"
_SEARCH: Final = "rego/authzen/search/search.rego"
_APP: Final = "python/ramgate/web/app.py"
_CLIENT: Final = "python/ramgate/client/authzen_client.py"
_EXCHANGE: Final = "python/ramgate/web/exchange.py"
_WEB_SERVER: Final = "python/ramgate/web/server.py"

_FILE: Final = "python/ramgate/publish/file.py"
_PUBLISHER: Final = "python/ramgate/publish/publisher.py"
_REGISTRY: Final = "python/ramgate/publish/registry.py"
_SERVER: Final = "python/ramgate/publish/server.py"
_CLIENTS: Final = "python/ramgate/publish/clients.py"
_TLS: Final = "python/ramgate/publish/tls.py"
_LONG_POLL: Final = "python/ramgate/sidecar/long_poll.py"

_BUNDLE_FILE: Final = "python/ramgate/bundle/bundle_file.py"
_SIGNATURE: Final = "python/ramgate/bundle/signature.py"
_PATCHER: Final = "python/ramgate/sidecar/patcher.py"
_PROCESS: Final = "python/ramgate/sidecar/process.py"
_VERIFICATION: Final = "python/ramgate/sidecar/verification.py"
_STATUS: Final = "python/ramgate/cli/status.py"

_COMPARE: Final = "python/ramgate/analysis/replay/compare.py"
_ENTRIES: Final = "python/ramgate/analysis/replay/entries.py"
_RESULT: Final = "python/ramgate/analysis/replay/result.py"
_REPLAY: Final = "python/ramgate/cli/replay.py"

FAULTS: Final = (
    (
        "an answer of OPA that is none is an error of the application",
        _OUTCOME,
        "    AnswerError: _UNAVAILABLE,\n",
        "",
    ),
    (
        "a request without a principal gets 403",
        _OUTCOME,
        "    Unauthenticated: _UNAUTHENTICATED,\n",
        "    Unauthenticated: _FORBIDDEN,\n",
    ),
    (
        "the answer 401 names no scheme",
        _OUTCOME,
        "if self.status is HTTPStatus.UNAUTHORIZED:",
        "if self.status is HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:",
    ),
    (
        "a faulty action of the application is the caller's fault",
        _OUTCOME,
        r'r"`?(?:resource|context)\b"',
        r'r"`?(?:resource|context|action)\b"',
    ),
    (
        "a group with an error of the application is answered like a denial",
        _OUTCOME,
        "return outcomes[0] if all(outcomes) else None",
        "return outcomes[0]",
    ),
    (
        "a WebSocket is not protected",
        _ASGI,
        'if scope["type"] not in {"http", "websocket"}:',
        'if scope["type"] != "http":',
    ),
    (
        "an ASGI application that handles a refusal has the last word",
        _ASGI,
        "            current.end()\n",
        "",
    ),
    (
        "a task that outlives its request keeps the decisions",
        _ASGI,
        "            _VISIT.reset(token)\n            current.close()\n",
        "            _VISIT.reset(token)\n",
    ),
    (
        "a thread that outlives its request keeps the decisions",
        _WSGI_RESPONSE,
        "        finally:\n            self._current.close()\n",
        "        finally:\n            pass\n",
    ),
    (
        "a decision is remembered for another context",
        _CURRENT,
        "_encode = msgspec.json.Encoder().encode",
        "_encode = lambda one: msgspec.json.encode((one.principal, one.action, one.resource))",
    ),
    (
        "a function for the principal that fails makes a request without one",
        _VISIT,
        'raise PrincipalError(f"`principal` raised `{type(error).__name__}`") from error',
        "value = str(error)[:0]",
    ),
    (
        "an application can handle the refusal of a route",
        _VISIT,
        "            self.current.refuse(error)\n",
        "",
    ),
    (
        "a public path may have dot segments",
        _PUBLIC,
        ' or not _DOTS.isdisjoint(path.split("/"))',
        "",
    ),
    (
        "a `?` of a path comes into a resource",
        _TEMPLATE,
        r'r"[*?:;\\]|%[0-9A-Fa-f]{2}"',
        r'r"[*:;\\]|%[0-9A-Fa-f]{2}"',
    ),
    (
        "white space around a value of a path comes into a resource",
        _TEMPLATE,
        "if text != text.strip():",
        "if not text.strip():",
    ),
    (
        "a boolean of a path comes into a resource",
        _TEMPLATE,
        "if type(value) is int or",
        "if isinstance(value, int) or",
    ),
    (
        "an empty segment of a path comes into a resource",
        _TEMPLATE,
        '_DOTS: Final = frozenset({"", ".", ".."})',
        '_DOTS: Final = frozenset({".", ".."})',
    ),
    (
        "the properties of an action are dropped",
        _QUESTION,
        "\t\tproperty.read(_action_properties(one), one.action),\n",
        "",
    ),
    (
        "properties of a resource that are no object are dropped",
        _ENTITY,
        '\t_has_objects(one.resource, "properties")\n',
        "",
    ),
    (
        "an item of a list that is no object is left out",
        _EVALUATIONS,
        "\tis_object(item)\n} else := item",
        "\tis_object(item)\n}",
    ),
    (
        "a list of evaluations may have any length",
        _EVALUATIONS,
        "count(batch.evaluations) > limit.requests",
        "count(batch.evaluations) > limit.requests * 2",
    ),
    (
        "a semantic that is not known executes all",
        _EVALUATIONS,
        "\tnot _semantic(batch) in {",
        "\tnot is_string(_semantic(batch))\n\tnot _semantic(batch) in {",
    ),
    (
        "the decision that ends a list is left out",
        _EVALUATIONS,
        "array.slice(decisions, 0, first + 1)",
        "array.slice(decisions, 0, first)",
    ),
    (
        "the last denial ends a list instead of the first",
        _EVALUATIONS,
        "first := min({",
        "first := max({",
    ),
    (
        "a field that is `false` has the value of the batch",
        _EVALUATIONS,
        "\tfield in object.keys(item)\n",
        "\titem[field]\n",
    ),
    (
        "a route decides for each method",
        _ROUTE,
        "action := route.methods[asked.method]",
        "some action in route.methods",
    ),
    (
        "a longer path fits a route",
        _ROUTE,
        "\tcount(path) == count(segments)\n",
        "",
    ),
    (
        "a path may have a segment `..`",
        _ROUTE,
        'not segment in {".", ".."}',
        'not segment in {"."}',
    ),
    (
        "a header may replace the path",
        _ROUTE,
        '\t"x-original-url",\n',
        "",
    ),
    (
        "a header may have several values",
        _ROUTE,
        r"`^[!-+\-.-~]{1,512}$`",
        "`^[!-~]{1,512}$`",
    ),
    (
        "a search finds those that may not",
        _SEARCH,
        "evaluation.decide(one).decision == true",
        "is_boolean(evaluation.decide(one).decision)",
    ),
    (
        "OPA gets the cookies of a request",
        _APP,
        '"authorization", "cookie", ',
        '"authorization", ',
    ),
    (
        "the check of a proxy needs no token",
        _APP,
        "elif not self._is_authenticated(exchange):",
        "elif not path.startswith(CHECK) and not self._is_authenticated(exchange):",
    ),
    (
        "the front is ready without an OPA that is",
        _APP,
        "200 if ready else 503",
        "200 if ready else 200",
    ),
    (
        "an answer of OPA without a decision counts as a denial",
        _CLIENT,
        "return allowed is not None and isinstance(body, dict) and",
        "return isinstance(body, dict) and",
    ),
    (
        "a decision that does not fit its status is passed on",
        _CLIENT,
        'body.get("decision") is allowed',
        'isinstance(body.get("decision"), bool)',
    ),
    (
        "a status 200 is an allow",
        _CLIENT,
        'self.status == _OK and isinstance(self.body, dict) and self.body.get("decision") is True',
        "self.status == _OK and isinstance(self.body, dict)",
    ),
    (
        "a decision may be any value",
        _CLIENT,
        'return isinstance(body, dict) and isinstance(body.get("decision"), bool)',
        'return isinstance(body, dict) and "decision" in body',
    ),
    (
        "a list is an answer if one of its items is a decision",
        _CLIENT,
        "all(map(_is_decision, items))",
        "any(map(_is_decision, items))",
    ),
    (
        "a body that was cut off is decided",
        _EXCHANGE,
        'if message["type"] != "http.request":',
        'if message["type"] not in {"http.request", "http.disconnect"}:',
    ),
    (
        "of two tokens the first counts",
        _EXCHANGE,
        'return values[0] if len(values) == 1 else ""',
        'return values[0] if values else ""',
    ),
    (
        "other users can ask at the socket of the front",
        _WEB_SERVER,
        "        Path(path).chmod(_OWNER_ONLY)\n",
        "",
    ),
    (
        "a password passes for a token of bundles",
        _CLIENTS,
        "if scheme == _BEARER else",
        'if scheme in {_BEARER, "Basic"} else',
    ),
    (
        "a token gets the bundle of the accounts that were served last",
        _CLIENTS,
        "digest: self._files[files[0]].given\n",
        "digest: list(self._files.values())[-1].given\n",
    ),
    (
        "two sets of accounts may have one token",
        _CLIENTS,
        "        if self._of_token(digest) is not None:\n",
        "        if False:\n",
    ),
    (
        "a certificate stands in for a wrong token",
        _CLIENTS,
        "        if authorization is not None:\n",
        "        if authorization is not None and request.certificate is None:\n",
    ),
    (
        "two sets of accounts may have one name of a certificate",
        _CLIENTS,
        "        if name in self._by_name:\n",
        "        if False:\n",
    ),
    (
        "a certificate with names of two clients gets the bundle of one",
        _CLIENTS,
        "        if len(given) > 1:\n",
        "        if False:\n",
    ),
    (
        "a certificate that has expired gets bundles on an open connection",
        _CLIENTS,
        "if ssl.cert_time_to_seconds(fields.not_after) <= time.time():",
        "if False:",
    ),
    (
        "the common name of a certificate stands in for a host",
        _CLIENTS,
        """_normalize("CN", value)""",
        """_normalize("DNS", value)""",
    ),
    (
        "a client gets in without a certificate",
        _TLS,
        "context.verify_mode = ssl.CERT_REQUIRED",
        "context.verify_mode = ssl.CERT_OPTIONAL",
    ),
    (
        "a connection outlives the authority of its certificate",
        _SERVER,
        "if self._tls.authority != before:",
        "if False:",
    ),
    (
        "an authority that is replaced beside a faulty certificate still lets clients in",
        _TLS,
        "if authority != self._authority:",
        "if False:",
    ),
    (
        "a token that is revoked while a bundle is built gets that bundle",
        _SERVER,
        "        self._look()\n        self._http",
        "        self._http",
    ),
    (
        "bundles go to other machines without TLS",
        _SERVER,
        "if certificate is None and not (address.private or plain_http):",
        "if False:",
    ),
    (
        "an OPA gets the bundle that it has",
        _SERVER,
        "return None if offer is None or offer.etag == active else offer",
        "return offer",
    ),
    (
        "a waiting OPA is not told of a change",
        _LONG_POLL,
        "        self._changed.set()\n        self._changed = asyncio.Event()\n",
        "",
    ),
    (
        "a bundle that OPA refused is sent again without a pause",
        _LONG_POLL,
        "pause = _pause(poll.sent.get(offer.name, 0))",
        "pause = 0.0",
    ),
    (
        "a renewed certificate is not used",
        _TLS,
        "self._read, self._authority, self._context = current, authority, context",
        "self._read, self._authority = current, authority",
    ),
    (
        "a password goes to a realm without TLS",
        _REGISTRY,
        'elif realm.scheme == "http" and all(map(self._may_be_plain, (self._host, host))):',
        'elif realm.scheme == "http":',
    ),
    (
        "a registry on another machine gets the password without TLS",
        _REGISTRY,
        "return self._plain_http or Address(host).private",
        "return True",
    ),
    (
        "a bundle that a target refused is not sent again",
        _PUBLISHER,
        "            place.due = time.monotonic() + place.pause\n",
        "            place.due = time.monotonic() + place.pause\n            place.has = bundle\n",
    ),
    (
        "a file that changes within a second keeps its ETag",
        _FILE,
        "later = max(now, float(int(before) + 1))",
        "later = now",
    ),
    (
        "a bundle without a serial is as new as any",
        _BUNDLE_FILE,
        "(bundle.serial is None or bundle.serial < self._at_least)",
        "bundle.serial is not None and bundle.serial < self._at_least",
    ),
    (
        "a bundle is replaced by an older one",
        _BUNDLE_FILE,
        "        self._at_least = bundle.serial\n",
        "",
    ),
    (
        "a bundle that is being written is read",
        _BUNDLE_FILE,
        "if content == self._built or content != before:",
        "if content == self._built:",
    ),
    (
        "`ramgate status` takes a bundle without a serial for a new one",
        _STATUS,
        "old = serial is None or serial < options.at_least",
        "old = serial is not None and serial < options.at_least",
    ),
    (
        "a signature has no scope",
        _SIGNATURE,
        '{"keyid": self.key_id, "scope": self.scope}',
        '{"keyid": self.key_id}',
    ),
    (
        "a signature does not name its key",
        _SIGNATURE,
        '{"keyid": self.key_id, "scope": self.scope}',
        '{"scope": self.scope}',
    ),
    (
        "an OPA takes a signature of any scope",
        _VERIFICATION,
        '            set_flag("bundles.ramgate.signing.scope", self.scope),\n',
        "",
    ),
    (
        "of two keys with one id the last counts",
        _VERIFICATION,
        "if len(set(ids)) < len(ids):",
        "if not ids:",
    ),
    (
        "a patch whose answer is lost counts as not applied",
        _PATCHER,
        "return None if is_sent else False",
        "return False",
    ),
    (
        "a patch that OPA refuses counts as applied",
        _PATCHER,
        "return connection.getresponse().status == http.HTTPStatus.NO_CONTENT",
        "return bool(connection.getresponse().status)",
    ),
    (
        "the token for patches goes to any certificate",
        _PATCHER,
        "certificate.trust(also_expired=True)",
        """certificate.trust(also_expired=True)
                context.check_hostname, context.verify_mode = False, 0""",
    ),
    (
        "a patch is sent that is too long for OPA",
        _PROCESS,
        "if patch is None or len(patch.body) > self._patcher.most_bytes:",
        "if patch is None:",
    ),
    (
        "an entry with a masked field is replayed",
        _ENTRIES,
        "hidden = [*entry.erased, *entry.masked]",
        "hidden = [*entry.erased]",
    ),
    (
        "an entry with an erased field is replayed",
        _ENTRIES,
        "hidden = [*entry.erased, *entry.masked]",
        "hidden = [*entry.masked]",
    ),
    (
        "a hidden field of a batch hides no request",
        _ENTRIES,
        "        if number in fields:\n",
        "        if number not in range(len(requests)):\n",
    ),
    (
        "a batch whose list is hidden is replayed",
        _ENTRIES,
        '        elif path.startswith("/input"):\n',
        '        elif path == "/input":\n',
    ),
    (
        "decisions of a batch are compared with those of other requests",
        _ENTRIES,
        "        results = [msgspec.Raw()] * len(requests)\n",
        "        results = [*results, *[msgspec.Raw()] * len(requests)][: len(requests)]\n",
    ),
    (
        "the digits of a second are read as nanoseconds",
        _ENTRIES,
        '.ljust(9, "0")',
        '.rjust(9, "0")',
    ),
    (
        "a request is decided by the time of another entry",
        _COMPARE,
        "        if not self._by_time:\n",
        "        if self._by_decision:\n",
    ),
    (
        "another layer is no difference",
        _COMPARE,
        "return decision.effect, decision.reason, decision.policy_type",
        "return decision.effect, decision.reason, None",
    ),
    (
        "a replay that leaves an access out is sure",
        _RESULT,
        "bool(self.decisions) and not any(one.access for one in self.not_replayable)",
        "bool(self.decisions)",
    ),
    (
        "a replay of nothing is sure",
        _RESULT,
        "bool(self.decisions) and not any(",
        "not any(",
    ),
    (
        "`ramgate replay` ends with 0 if decisions differ",
        _REPLAY,
        "        return NO\n",
        "        return FINE\n",
    ),
)
"""The fault, the file, the text that is replaced, and the text that takes its place."""
