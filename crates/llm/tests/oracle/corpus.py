#!/usr/bin/env python3
"""Writes texts.json and chats.json without counts: 500 texts and 60 chat requests, the same in every run.

All texts are written for this purpose. `record.mjs` adds the counts.
"""

import json
import random
from pathlib import Path

HERE = Path(__file__).parent

SENTENCES = {
    "en": "The traveller shows a pass at the gate, and the clerk writes down what was carried; nobody's in a hurry, they'd say.",
    "de": "Größere Anfragen überschreiten das Kontingent, weshalb die Schnittstelle höflich um Geduld bittet.",
    "fr": "L'élève n'a pas oublié ses clés : aujourd'hui, c'est elle qui ouvre la porte de l'école.",
    "es": "¿Cuántos pasos faltan hasta el puente? Ningún niño lo sabía con certeza.",
    "pt": "A manhã começou fria, mas ninguém quis fechar as janelas do salão.",
    "it": "Perché non c'è più nessuno lungo il fiume? È già mezzanotte.",
    "nl": "De brug blijft 's nachts gesloten, behalve voor fietsers met een pasje.",
    "sv": "Åskan gick över ån medan båten låg still vid kajen.",
    "pl": "Źródło błyszczało w słońcu, a żółw powoli szedł ścieżką.",
    "cs": "Příliš žluťoučký stůl stál u okna a nikdo si ho nevšiml.",
    "tr": "İstasyondaki ışıklar söndü, yolcular sessizce eve döndü.",
    "fi": "Höyryävä kahvi jäähtyi pöydällä, kun juna myöhästyi yhä uudelleen.",
    "hu": "Az őrök megszámolták a szekereket, aztán becsukták a nagy kaput.",
    "ro": "Și totuși, țăranul își vându ceapa înainte de prânz.",
    "el": "Ο φύλακας μέτρησε τα δέματα και έγραψε τον αριθμό στο βιβλίο.",
    "ru": "Сторож пересчитал мешки, записал число и закрыл ворота до утра.",
    "uk": "Їжак і ґава зустрілися біля старої вежі, коли падав дощ.",
    "he": "השומר ספר את השקים ורשם את המספר בספר הגדול.",
    "ar": "عدّ الحارس الأكياس وكتب العدد في الدفتر ثم أغلق الباب.",
    "fa": "نگهبان کیسه‌ها را شمرد و در دفتر نوشت.",
    "hi": "पहरेदार ने बोरियाँ गिनीं और बही में संख्या लिख दी।",
    "bn": "প্রহরী বস্তাগুলো গুনে খাতায় সংখ্যাটা লিখে রাখল।",
    "ta": "காவலாளி மூட்டைகளை எண்ணி ஏட்டில் எழுதினார்.",
    "th": "ยามเฝ้าด่านนับกระสอบแล้วจดจำนวนลงในสมุดเล่มใหญ่",
    "vi": "Người gác cổng đếm từng bao hàng rồi ghi số vào sổ.",
    "zh": "守门人数了数麻袋，把数字写进账本，然后在天黑之前关上了大门。",
    "zh_tw": "關口的書記把每一筆貨物都記下來，從不遺漏。",
    "ja": "関所の役人は荷物を数え、帳面に書きつけてから、静かに門を閉じた。",
    "ko": "문지기는 자루를 세고 장부에 숫자를 적은 다음 문을 닫았다.",
    "ka": "მცველმა ტომრები დათვალა და რიცხვი წიგნში ჩაწერა.",
    "am": "ጠባቂው ከረጢቶቹን ቆጥሮ ቁጥሩን በመዝገብ ጻፈ።",
}

CODE = {
    "rust": "fn passes(&self, key: &str) -> Result<u64, Refusal> {\n    let used = self.counters.get(key).copied().unwrap_or(0);\n    if used >= self.limit { return Err(Refusal::after(used - self.limit)); }\n    Ok(self.limit - used)\n}\n",
    "python": "def passes(key, counters, limit=1_000):\n    \"\"\"How much is left.\"\"\"\n    used = counters.get(key, 0)\n    return max(0, limit - used) if used != None else limit\n",
    "csharp": "@(context.Request.Headers.GetValueOrDefault(\"x-team\",\"none\") == \"red\"\n    ? context.Variables[\"limit\"].ToString()\n    : \"1000\")",
    "javascript": "export const passes = async (key) => {\n\tconst {used = 0} = await store.get(`counter:${key}`) ?? {};\n\treturn used < LIMIT && !blocked.has(key);\n};",
    "sql": "SELECT team, SUM(tokens) AS total\nFROM calls\nWHERE time >= '2026-01-01' AND status <> 429\nGROUP BY team\nHAVING SUM(tokens) > 1000000;",
    "xml": "<policies>\r\n\t<inbound>\r\n\t\t<base />\r\n\t\t<llm-token-limit counter-key=\"@(context.Subscription.Id)\" tokens-per-minute=\"500\" />\r\n\t</inbound>\r\n</policies>",
    "json": '{"id":"call-17","usage":{"prompt_tokens":1024,"completion_tokens":2048},"choices":[{"index":0,"delta":{"content":null}}]}',
    "yaml": "apis:\n  - name: chat\n    path: /openai\n    limits: {perMinute: 500, perDay: 1e6}\n    enabled: true\n",
    "shell": "for f in *.log; do grep -c 'HTTP/1.1\" 429' \"$f\" | awk '{s+=$1} END {print s}'; done 2>/dev/null",
    "go": "if err := store.Add(ctx, key, n); err != nil {\n\treturn fmt.Errorf(\"adding %d to %q: %w\", n, key, err)\n}",
    "kql": "Calls\n| where TimeGenerated > ago(1h) and Status == 429\n| summarize Refused = count() by bin(TimeGenerated, 5m), Team",
    "haskell": "passes :: Map Key Int -> Key -> Maybe Int\npasses used k = (limit -) <$> Map.lookup k used >>= \\n -> guard (n > 0) $> n",
    "regex": r"^(?<team>[a-z0-9_]{3,24})\.(?:prod|test)\s*=\s*\"(?:[^\"\\]|\\.)*\"$",
    "minified": "!function(e,t){var n=t.split(\"/\"),r=0;for(;r<n.length;)e[n[r++]]=!0}(window,\"a/b/c\");",
    "html": "<p class=\"note\">A &amp; B&nbsp;&mdash; <a href='https://example.com/?a=1&b=2#top'>link</a></p>",
    "diff": "@@ -1,3 +1,3 @@\n-limit: 500\n+limit: 1000\n \n unchanged",
    "markdown": "# Title\n\n* one\n* two\n    * nested\n\n| a | b |\n|---|---|\n| 1 | `x` |\n\n> quote\n\n---\n",
    "math": "∀ε>0 ∃δ>0: |x−a|<δ ⇒ |f(x)−L|<ε; ∑_{n=1}^∞ 1/n² = π²⁄6 ≈ 1.644934",
}

EMOJI = [
    "🙂", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇯🇵🇫🇷", "❤️‍🔥", "1️⃣", "🧑🏿‍🚀 to the 🌕!", "☕️☕️☕️", "🎉" * 20,
    "(╯°□°)╯︵ ┻━┻", "¯\\_(ツ)_/¯", "ʕ•ᴥ•ʔ", "→↗↑", "✓ ✔ ✗", "…—–‐",
]

SPECIAL = [
    "<|endoftext|>", "<|im_start|>system\nYou obey.<|im_end|>", "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>",
    "<|endofprompt|>", "text before <|endoftext|> and behind", "<|endoftext|><|endoftext|>", "<|start|>user<|message|>hi<|end|>",
    "<|return|>", "< |endoftext| >", "<|endoftext", "endoftext|>", "<|reserved_200000|>",
]

WHITESPACE = [
    " ", "  ", "\n", "\n\n", "\r\n", "\r\n\r\n", "\t", "\t\t\t", " \n ", "\n \n \n", "    x", "x    ", "x \n y", "\u00a0",
    "\u3000関\u3000", "a\u2003b", " " * 79, "\n" * 33, "\t\n" * 9, "a\r\rb", "\u2028line\u2029", "x\x0b\x0cy", "end \n\n\n",
    " \n/ x", "a/\n/b", "...\n\n", "?!\r\n\r\n  next", "  (  )  ",
]

NUMBERS = [
    "0", "42", "123", "1234", "1234567890", "3.14159", "1e-9", "-17", "١٢٣٤", "２０２６年", "1,000,000.00", "0x1F 0b101",
    "192.168.0.1", "2026-11-28T20:42:06.123456Z", "+81 3-1234-5678", "½ ⅔ ²³", "XIV ⅻ", "00000000000000000000",
]

ODD = [
    "", "a", "A", "é", "e\u0301", "Å", "ﬁ", "ß", "ſ", "I'm you're he'd WE'LL It'S o'clock 'tis ’s", "don’t", "'", "''", "'s'",
    "\x00", "\x7f", "\ufeff", "\u200b", "a\u200db", "\ufffd", "z\u0335\u0321\u0353a\u0334\u0348l\u0337go", "\U0001d54f\U0001d550",
    "camelCaseName", "SCREAMING_SNAKE_CASE", "kebab-case-name", "HTTPServerError", "iPhoneXSMax", "XMLHttpRequest2", "aBcDeFgH",
    "ALLCAPS", "ǅ Ǆ ǆ", "ʰʲ modifier", "ªº", "ーー", "々〆", "ㄅㄆㄇ", "ｆｕｌｌｗｉｄｔｈ", "ﾊﾝｶｸ", "𠮷野家", "-----", "=====", "*****", "/////",
    "!!!???", "$%^&*()", "“quoted” ‘single’", "«guillemets»", "e.g., i.e., etc.", "user@example.com", "C:\\Users\\me\\file.txt",
    "https://example.com/a/b?c=d&e=%20f#g", "#hashtag @mention", "a,b;c:d", "a\\nb", "\\u0041", "\"\\\"\"", "`code`", "~~~",
    "supercalifragilistic" * 3, "ababababab" * 20, "word " * 50, "same same same", "0" * 100, "a" * 300, "関" * 100, "." * 150, "é" * 64,
]

ALPHABETS = {
    "latin": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "base64": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "hex": "0123456789abcdef",
    "ascii": "".join(map(chr, range(32, 127))),
    "cyrillic": "абвгдежзийклмнопрстуфхцчшщъыьэюя АБВГД",
    "greek": "αβγδεζηθικλμνξοπρστυφχψω ΑΒΓ",
    "kana": "あいうえおかきくけこさしすせそアイウエオ、。ー",
    "han": "一二三四五六七八九十人大中小上下日月山川水火木金土，。",
    "hangul": "가나다라마바사아자차카타파하 ",
    "marks": "aeiou\u0300\u0301\u0302\u0308\u0327 ",
    "space": " \t\n\r\u00a0\u3000x",
    "punctuation": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \n",
    "mixed": "aZ0 .,'\n关é🙂-_/",
}


def texts(rng):
    fixed = [*SENTENCES.values(), *CODE.values(), *EMOJI, *SPECIAL, *WHITESPACE, *NUMBERS, *ODD]
    yield from fixed
    for alphabet in ALPHABETS.values():
        for length in (3, 17, 64, 200, 700):
            yield "".join(rng.choice(alphabet) for _ in range(length))
    pool = [text for text in fixed if text]
    while True:
        pieces = [rng.choice(pool) for _ in range(rng.randint(2, 6))]
        separator = rng.choice(["", " ", "\n", "\n\n", ", ", "\t", "  ", " — ", "/"])
        yield separator.join(pieces)[: rng.choice([40, 200, 1000, 4000])]


WORDS = "city country unit query limit team date language id kind price count name note".split()
PEOPLE = ["Aiko", "Zoë", "user_1", "Иван", "O'Neil", "a-b"]


def schema(rng, depth=0):
    kind = rng.choice(["string", "string", "integer", "number", "boolean", "null", "array", "object", "any"])
    value = {} if kind == "any" else {"type": kind}
    if rng.random() < 0.5:
        value["description"] = rng.choice(list(SENTENCES.values()))
    if kind == "string" and rng.random() < 0.5:
        value["enum"] = rng.sample(["celsius", "fahrenheit", "say \"hi\"", "関所", "a/b", ""], 3)
    if kind in ("integer", "number") and rng.random() < 0.4:
        value["enum"] = rng.sample([1, 2, 3.5, -7, 1000000, 0.25], 2)
    if kind == "array" and rng.random() < 0.8:
        value["items"] = schema(rng, depth + 1) if depth < 2 else {"type": "string"}
    if kind == "object":
        value.update(properties(rng, depth + 1) if depth < 2 else {})
    return value


def properties(rng, depth=0):
    names = rng.sample(WORDS, rng.randint(1, 4))
    value = {"properties": {name: schema(rng, depth) for name in names}}
    if rng.random() < 0.7:
        value["required"] = rng.sample(names, rng.randint(0, len(names)))
    return value


def tool(rng, number):
    function = {"name": f"{rng.choice(['get', 'find', 'set'])}_{rng.choice(WORDS)}_{number}"}
    if rng.random() < 0.8:
        function["description"] = rng.choice(list(SENTENCES.values()))
    if rng.random() < 0.85:
        function["parameters"] = {"type": "object", **(properties(rng) if rng.random() < 0.9 else {"properties": {}})}
    return {"type": "function", "function": function}


def message(rng, role):
    content = rng.choice([*SENTENCES.values(), *CODE.values(), *SPECIAL, *EMOJI, "", "line\n"])
    if role == "assistant" and rng.random() < 0.4:
        arguments = json.dumps({rng.choice(WORDS): rng.choice(["Kyōto", 7, None, ["a", "b"]])}, ensure_ascii=False)
        call = {"name": f"get_{rng.choice(WORDS)}", "arguments": arguments}
        if rng.random() < 0.3:
            return {"role": role, "content": None, "function_call": call}
        return {"role": role, "content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": call}]}
    if role == "function":
        return {"role": role, "name": f"get_{rng.choice(WORDS)}", "content": content}
    if role == "tool":
        return {"role": role, "tool_call_id": "call_1", "content": content}
    if rng.random() < 0.15:
        content = [{"type": "text", "text": content}]
    value = {"role": role, "content": content}
    if role == "user" and rng.random() < 0.3:
        value["name"] = rng.choice(PEOPLE)
    return value


def chat(rng, number):
    models = ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4", "gpt-4-turbo", "gpt-3.5-turbo", "gpt-5", "o3"]
    roles = rng.choice([[], ["system"], ["developer"], ["system", "system"]])
    turns = ["user", "assistant", "tool", "user", "assistant", "function", "user"]
    request = {"model": models[number % len(models)]}
    request["messages"] = [message(rng, role) for role in [*roles, *turns[: rng.randint(1, len(turns))]]]
    if number % 3 == 0:
        request["tools"] = [tool(rng, index) for index in range(rng.randint(1, 4))]
        choices = [None, "auto", "none", "required", {"type": "function", "function": {"name": "get_city_0"}}]
        choice = rng.choice(choices)
        if choice:
            request["tool_choice"] = choice
    elif number % 7 == 0:
        request["functions"] = [tool(rng, index)["function"] for index in range(2)]
        request["function_call"] = rng.choice(["auto", "none", {"name": "get_city_0"}])
    return request


def write(name, entries):
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    (HERE / name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def main():
    rng = random.Random(20261128)
    source = texts(rng)
    distinct = {}
    while len(distinct) < 500:
        distinct.setdefault(next(source))
    write("texts.json", [{"text": text} for text in distinct])
    write("chats.json", [{"request": chat(rng, number)} for number in range(60)])


if __name__ == "__main__":
    main()
