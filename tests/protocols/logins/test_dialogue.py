from __future__ import annotations

import pytest

from iotscan.protocols.logins.dialogue import (
    Prompt,
    idle_timeout,
    locks,
    plain,
    prompt_of,
    refuses,
    rejects_command,
)

PROMPTS = {
    Prompt.LOGIN: [
        "login: ",
        "LocalHost login:",
        "Ubuntu 17.10\nosboxes login: ",
        "User Access Verification\n\nUsername: ",
        "MikroTik v6.45.9 (stable)\nLogin: ",
        "Account:",
        "login as: ",
        "User Name :",
        "Enter your login:",
        "Benutzername: ",
        "Nom d'utilisateur : ",
        "Usuário:",
        "Nazwa użytkownika: ",
        "Логин: ",
        "请输入用户名:",
        "用户名：",
        "ログイン名: ",
        "사용자 이름:",
    ],
    Prompt.PASSWORD: [
        "Password: ",
        "Password for root: ",
        "Enter PIN:",
        "Passwort:",
        "mot de passe : ",
        "Contraseña:",
        "Senha: ",
        "Wachtwoord:",
        "Hasło: ",
        "Пароль: ",
        "密码:",
        "パスワード：",
        "Password>",
    ],
    Prompt.NEW_PASSWORD: [
        "New password: ",
        "(current) UNIX password:",
        "Please enter the new password:",
        "Retype password:",
        "Confirm password: ",
        "新密码:",
    ],
    Prompt.SHELL: ["# ", "~ $ ", "BusyBox> ", "[admin@MikroTik] > ", "Router>", "C:\\>", "\n$ "],
    Prompt.KEY: ["Press any key to continue", "Press ENTER to get started.\n"],
    Prompt.NONE: [
        "",
        "Welcome\n",
        "Last login: ",
        "login: \n",
        "Your price: 12 $ for all of it, and more text",
        "x" * 300 + " login: ",
    ],
}


@pytest.mark.parametrize(("text", "asked"), [(t, p) for p, ts in PROMPTS.items() for t in ts])
def test_the_last_line_says_what_is_asked(text: str, asked: Prompt) -> None:
    assert prompt_of(text) is asked


@pytest.mark.parametrize(
    "text",
    [
        "Login incorrect",
        "Login failed.",
        "login: Login is incorrect\n",
        "% Login invalid",
        "% Bad passwords",
        "Access denied",
        "Invalid username or password",
        "User name or password is wrong",
        "Bad Password!!!",
        "Authentication failed",
        "Authorization failure",
        "Permission denied",
        "Error: Failed to authenticate",
        "Incorrect user name or password",
        "No such user",
        "User does not exist",
        "Sorry",
        "Wrong password, please try again",
        "Anmeldung fehlgeschlagen",
        "Falsches Passwort",
        "Zugriff verweigert",
        "Mot de passe incorrect",
        "Échec de l'authentification",
        "Accès refusé",
        "Contraseña incorrecta",
        "Usuario o contraseña inválidos",
        "Senha incorreta",
        "Acesso negado",
        "Password errata",
        "Wachtwoord onjuist",
        "Fel lösenord",
        "Nieprawidłowe hasło",
        "Nesprávné heslo",
        "Hibás jelszó",
        "Yanlış şifre",
        "Неверный пароль",
        "Ошибка авторизации",
        "密码错误",
        "用户名或密码错误",
        "パスワードが正しくありません",
        "비밀번호가 틀렸습니다",
    ],
)
def test_a_refusal_is_read_in_many_tongues(text: str) -> None:
    assert refuses(text)
    assert not locks(text)


@pytest.mark.parametrize(
    "text",
    [
        "Too many login attempts",
        "Too many wrong passwords",
        "Account locked",
        "The account has been locked out",
        "user admin is locked",
        "Login locked for 5 minutes",
        "Logins are disabled for 300s",
        "Your IP address has been blocked",
        "Please try again in 30 seconds",
        "Try again later",
        "Wait 60 seconds",
        "Maximum login attempts exceeded",
        "You have 2 attempts left",
        "Remaining attempts: 1",
        "Konto gesperrt",
        "Zu viele Anmeldeversuche",
        "Trop de tentatives",
        "Cuenta bloqueada",
        "Слишком много попыток",
        "用户已锁定",
        "登录次数过多",
    ],
)
def test_a_lock_out_is_read_in_many_tongues(text: str) -> None:
    assert locks(text)


@pytest.mark.parametrize(
    "text",
    [
        "Welcome to Ubuntu 17.10 (GNU/Linux)",
        "Last login: Sat Jul 28 13:31:21 EDT 2018 on pts/0",
        "Unauthorized access to this system is prohibited.",
        "BusyBox v1.19.2 built-in shell (ash)\nEnter 'help' for a list of built-in commands.",
        "login: ",
        "Password: ",
        "iot42scan\n# ",
    ],
)
def test_friendly_text_is_neither(text: str) -> None:
    assert not refuses(text)
    assert not locks(text)


@pytest.mark.parametrize(
    "text",
    [
        "-ash: foo: not found",
        "bad command name echo (line 1 column 1)",
        "% Invalid input detected at '^' marker.",
        "Unknown command: echo",
        "Error: Unrecognized command found at '^' position.",
    ],
)
def test_a_command_line_that_knows_no_echo_says_so(text: str) -> None:
    assert rejects_command(text)
    assert not rejects_command("iot42scan\n# ")


def test_the_screen_is_read_without_escapes_and_with_backspaces_applied() -> None:
    raw = b"\x1b[2J\x1b[1;31mlog\x1b[0min\x1b]0;title\x07: roox\b\x7fot\r\0\r\nx\r\n"
    assert plain(raw) == "login: root\n\nx\n"


def test_old_firmware_that_writes_latin_1_is_read_too() -> None:
    assert plain("Contraseña:".encode("latin-1")) == "Contraseña:"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Idle timeout is 5 minutes.", 300),
        ("Login timed out after 60 seconds.", 60),
        ("Session will disconnect in 90 sec of idleness", 90),
        ("Welcome, 5 users", None),
    ],
)
def test_an_announced_idle_timeout_is_read_in_seconds(text: str, seconds: int | None) -> None:
    assert idle_timeout(text) == seconds


def test_a_hostile_line_takes_no_time() -> None:
    flood = "user " * 20_000 + "password " * 20_000
    assert prompt_of(flood) is Prompt.NONE
    assert not refuses(flood)
    assert not locks(flood)
