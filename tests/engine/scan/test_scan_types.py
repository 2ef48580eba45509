"""Each type of personal data and secrets: what is found, what only looks like it."""

from __future__ import annotations

import random
import uuid

import pytest

from readiness.engine.scan import scan_run


@pytest.fixture
def types(run):
    """`types("text")` scans one file and gives its types of high and of low severity."""

    def scan(text, name="data.txt"):
        found = scan_run(run({name: text}), [name])
        assert found.files == 1
        return found.by_type, found.low_by_type

    return scan


FOUND = {
    "email": [
        "jane.doe@gmail.com",
        "a@b.com,c@d.org",
        "Write to <jane_doe+news@sub.corp.co.uk>.",
        '{"mail":"jane\\u0040corp.io"}',
        '{"mail":"\\u006aane\\u0040corp.io"}',
        "https://shop.io/?mail=jane%40corp.io",
        '"Doe, ""J""",jane@corp.io',
        "josé@corp.io",
        "jane.doe@example.com",
    ],
    "phone": [
        "+1 (555) 123-4567",
        "+1-555-123-4567",
        "(555) 223-4567",
        "555-223-4567",
        "555-123-4567",
        "(555) 012-3456",
        "555.223.4567",
        "+44 20 7946 0958",
        "+33 6 12 34 56 78",
        "+491701234567",
        '"phone": "5552234567"',
        '"phone_number":5552234567',
        "mobile: 0170 1234567",
    ],
    "credit_card": [
        "4111 1111 1111 1111",
        "4111111111111111",
        "5500-0000-0000-0004",
        "378282246310005",
        "3782 822463 10005",
        "card,4111 1111 1111 1111 12/26",
        '"card": "6011111111111117"',
        "2223003122003222",
        "paid with my card (4111111111111111)",
        "6304 0000 0000 0000 000",
    ],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "FR1420041010050500013M02606"],
    "us_ssn": ["123-45-6789", "ssn,219-09-9998,x"],
    "api_key": [
        "AKIAQWERTYUIOPASDFGH",
        "AKIAZ7Q2M4K6X8C0V1B3",
        "ghp_" + "a1B2c3D4e5F6" * 3,
        "github_pat_11ABCDEFG0" + "a1B2c3D4e5" * 3,
        "glpat-a1B2c3D4e5F6g7H8i9J0",
        "xoxb-" + "123456789012-123456789012-abcDEF123ghi",
        "sk_live_" + "a1B2c3D4e5F6g7H8i9J0k1L2",
        "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
        "sk-proj-a1B2c3D4e5F6g7H8i9J0k1L2m3",
        "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",
        "npm_" + "a1B2c3D4e5F6" * 3,
        "pypi-AgEIcHlwaS5vcmc" + "a1B2c3D4e5F6" * 6,
        "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ12345678",
        'api_key = "a1b2c3d4e5f6a7b8c9d0"',
        '"client_secret": "Zq8~a1b2c3d4e5f6a7b8"',
        "https://hooks.slack.com/services/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",
    ],
    "private_key": [
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        '"key": "-----BEGIN OPENSSH PRIVATE KEY-----\\nabc"',
        "-----BEGIN PGP PRIVATE KEY BLOCK-----",
    ],
    "jwt": [
        (
            "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
            "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
        )
    ],
    "password": [
        'password = "hunter2"',
        "password: hunter2!",
        '{"password": "correct horse"}',
        "DB_PASSWORD=s3cr3t-value",
        "'passwd' => 'Tr0ub4dor'",
        '{\\"password\\": \\"hunter22\\"}',
    ],
    "connection_string": [
        "postgres://bob:s3cr3tpw@db.host:5432/x",
        "mongodb+srv://u:p4ssw0rd@cluster.mongodb.net",
        "redis://:hunter2222@cache:6379/0",
        "DefaultEndpointsProtocol=https;AccountKey=" + "a1B2c3D4e5F6" * 7 + "ab==",
    ],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in FOUND.items() for text in texts])
@pytest.mark.parametrize("around", ["{}", "x,{},y\r\n", "\n\n  {}\n"])
def test_found(types, kind, text, around):
    """Alone, as a cell with Windows line ends, and on a line further down: once or more, of that type."""
    high, _ = types(around.format(text) if "{" not in text else around.replace("{}", text))
    assert kind in high
    assert set(high) <= {kind, "email"} if kind == "connection_string" else set(high) == {kind}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "user@example.com"),
        ("email", "your.name@example.org"),
        ("api_key", "AKIAIOSFODNN7EXAMPLE"),
        ("api_key", 'api_key = "your-api-key-goes-here"'),
        ("password", 'password = "changeme"'),
        ("password", 'password = "password"'),
        ("connection_string", "postgres://user:password@localhost/db"),
        ("phone", "+1234567890"),
        ("phone", "123-456-7890"),
        ("phone", "(123) 456-7890"),
        ("ip_address", "52.14.133.9"),
    ],
)
def test_placeholders_are_low(types, kind, text):
    """What stands for a value is counted, with low severity."""
    high, low = types(text)
    assert high == {}
    assert low == {kind: 1}


RANDOM = random.Random(7)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(
            f"{RANDOM.random()},{RANDOM.gauss(0, 1):+.17e},{RANDOM.random():.16f}" for _ in range(2000)
        ),
        "\n".join(str(RANDOM.randrange(10**15, 10**19)) for _ in range(5000)),
        "\n".join(f'{{"id": {RANDOM.randrange(4 * 10**15, 6 * 10**15)}}}' for _ in range(5000)),
        "\n".join(str(uuid.UUID(int=RANDOM.getrandbits(128))) for _ in range(5000)),
        "\n".join(f"{RANDOM.getrandbits(256):064x}  file{n}.bin" for n in range(2000)),
        "\n".join(f"{RANDOM.getrandbits(128):032X}" for n in range(2000)),
        "\n".join(" ".join(str(RANDOM.randrange(4096)) for _ in range(16)) for _ in range(2000)),
        "\n".join(" ".join(f"{RANDOM.randrange(10000):04d}" for _ in range(5)) for _ in range(2000)),
        "\n".join(",".join(str(RANDOM.randrange(256)) for _ in range(28)) for _ in range(500)),
        "\n".join(f"2024-05-{n % 28 + 1:02d}T07:08:09.{n:06d}Z,{1714978089000 + n}" for n in range(2000)),
        "\n".join(f"2024-05-06 07:08:09,{n:03d} INFO epoch {n}: loss=0.{n:04d}" for n in range(2000)),
        "\n".join(f"0 {RANDOM.random():.6f} {RANDOM.random():.6f} 0.5 0.25" for _ in range(2000)),
        "\n".join(f"{n}:{RANDOM.random():.4f}" for n in range(2000)),
        "torch==2.1.0+cu118 v1.2.3.4 1.10.0.1 numpy>=1.26,<2 opset 17.0.0.1",
        "x@y @app.route('/x') icon@2x.png lodash@4.17.21 user@host model@v2.onnx a @ b.T @ c.T",
        "127.0.0.1 10.0.0.7 192.168.1.20 0.0.0.0 192.0.2.1 255.255.255.0",
        "password: required\npassword = getpass()\npassword: str\nkey = os.environ['SECRET']\npassword=None",
        "the password is wrong\npasswords, pwd\n--password PASSWORD",
        "tokenizer: bert-base-uncased\ntoken_count: 12345678901234567890\nmax_tokens=4096",
        '{"access_token_url": "https://login.host/oauth", "primary_key": "customer_identifier"}',
        "eyJub3Qi.eyJqd3Qi.c29tZXRoaW5n",
        "-----BEGIN PUBLIC KEY-----\n-----BEGIN CERTIFICATE-----",
        "https://host:8080/a@b http://host/path:with@sign",
        "0123456789 9876543210 978-3-16-148410-0 1-2-3 2024-05-17 10-20-30",
        "000-12-3456 666-12-3456 900-12-3456 123-00-4567 123-45-0000 1123-45-6789 123-45-67890",
        "4111 1111 1111 1112",
        "DE00 3704 0044 0532 0130 00 AB12 CDEF GHIJ KLMN",
        "noreply@github.com git@github.com:org/repo.git <no-reply@corp.io>",
        'api_key: xxxxxxxxxxxxxxxxxxxx1 "password": "[REDACTED]" "api_key": "<redacted-by-pipeline>"',
        'password = "${DB_PASSWORD}" "password": "null" passwd: "********" pwd=%(password)s',
        "postgres://user:${PASSWORD}@host/db postgres://bob:***@host/db",
        "+2147483647 +2147483392 rng = np.random.default_rng(348932549825235) seed = 6763691329830218206",
        "telemetry: 1234567 cell: 1234567 phone_count: 3 mobilenet: 12345678",
    ],
    ids=lambda text: text[:30],
)
def test_not_found(types, text):
    """Data of machine learning that only resembles: floats, ids, hashes, dates, pixels, versions, code."""
    assert types(text) == ({}, {})


@pytest.mark.parametrize("example", ["digits-classifier", "digits-classifier-regressed"])
def test_examples_are_clean(example):
    """The example runs hold neither personal data nor secrets."""
    from pathlib import Path

    from readiness.engine.target import RunDirectory

    root = Path(__file__).parents[3] / "examples" / example
    run = RunDirectory(root)
    found = scan_run(run, run.glob("**/*"))
    assert (found.by_type, found.low_by_type, found.hits) == ({}, {}, ())
    assert found.files > 10


HEADER = "id,name,Phone Number,user_password,ssn,note\r\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEADER + "1,Ann,5551234567,,,\r\n2,Bob,555-0123,,,\r\n", {"phone": 2}),
        (HEADER + '1,"Doe, ""J""",5551234567,,,\n', {"phone": 1}),
        (HEADER + '1,Ann,"5551234567",hunter22,219099998,x', {"phone": 1, "password": 1, "us_ssn": 1}),
        (HEADER.replace(",", ";") + "1;Ann;5551234567;;;\n", {"phone": 1}),
        (HEADER.replace(",", "\t") + "1\tAnn\t5551234567\t\t\t\n", {"phone": 1}),
        (HEADER.replace(",", "|") + "1|Ann|5551234567|||\n", {"phone": 1}),
        (HEADER + "1,5551234567,n/a,,,5551234567\n", {}),
        ("id,phone_count,mobilenet\n1,5551234567,5551234567\n", {}),
        ("phone\n5551234567\n", {"phone": 1}),
        ("password\nsunshine\nnone\n", {"password": 1}),
        (HEADER + "1,Ann,0.52345678,,,\n", {}),
    ],
)
def test_columns(types, text, expected):
    """A header that names a column tells what its bare numbers and words are."""
    assert types(text, "d.csv")[0] == expected
