"""What a login dialogue on a terminal says: prompts, refusals, signs of lock-out. Pure.

Works on text as a person would see it (:func:`plain`), so that telnet, rlogin and consoles
behind other transports can share it. Words are those of devices sold in many countries.
"""

from __future__ import annotations

import re
from enum import Enum

# CSI sequences, OSC strings (to BEL or ST), two-character escapes: ECMA-48 section 5.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]{0,512}(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]"
)
# A prompt stands at the end of what was said; a longer last line is prose, not a prompt.
LONGEST_PROMPT = 120


class Prompt(Enum):
    """What the last line asks for. ``SHELL`` only looks like one until a marker proved it."""

    LOGIN = "login"
    PASSWORD = "password"  # noqa: S105 the word, not one
    NEW_PASSWORD = "new-password"  # noqa: S105
    SHELL = "shell"
    KEY = "key"
    NONE = "none"


def _any(*patterns: str) -> re.Pattern[str]:
    """Matches any of the patterns; ``" "`` in one is white space, ``" ?"`` perhaps some."""
    spaced = (p.replace(" ?", r"\s*").replace(" ", r"\s+") for p in patterns)
    return re.compile("|".join(spaced), re.IGNORECASE | re.MULTILINE)


# Words that must stand alone, and those of scripts that write without blanks.
_USERS_BY_NAME = (
    r"log\s?[io]n|login (?:as|name|id)|user\s?name|user(?:\s?id)?|account(?: name)?"
    r"|benutzer(?:name)?|anmeldename|kennung|utilisateur|nom d['’]utilisateur|identifiant"
    r"|usuario|nombre de usuario|usuário|nome de usuário|utente|nome utente"
    r"|gebruiker(?:snaam)?|användar(?:e|namn)|bruger(?:navn)?|bruker(?:navn)?|käyttäjä(?:tunnus)?"
    r"|użytkownik|nazwa użytkownika|uživatel(?:ské jméno)?|felhasználó(?:név)?|kullanıcı(?: adı)?"
    r"|логин|имя пользователя|пользователь|ім'я користувача"
)
_USERS_BY_SIGN = (
    r"用户名?|用戶名?|帐号|账号|帳號|登录名?|登入|ユーザー?名?|ログイン名?|사용자(?: ?이름)?|로그인"
)
_SECRETS_BY_NAME = (
    r"pass\s?word|passwd|pass\s?code|pass\s?phrase|pin(?: code)?|passwort|kennwort"
    r"|mot de passe|contraseña|clave|senha|palavra-?passe|parola(?: d'ordine)?"
    r"|wachtwoord|lösenord|adgangskode|kodeord|passord|salasana|hasło|heslo|jelszó|şifre|пароль"
)
_SECRETS_BY_SIGN = r"密码|密碼|口令|パスワード|암호|비밀번호"
_LEFT = r"(?:^|[\s\])>*'’.,;:#_-])"
_HINT = r"\s*(?:\([^)]{0,40}\))?\s*"

_LOGIN = re.compile(
    rf"(?:{_LEFT}(?:{_USERS_BY_NAME})|(?:{_USERS_BY_SIGN})){_HINT}[:：]\s*$", re.IGNORECASE
)
_PASSWORD = re.compile(
    rf"(?:{_LEFT}(?:{_SECRETS_BY_NAME})(?: for [^\s:]{{1,40}})?|(?:{_SECRETS_BY_SIGN})){_HINT}"
    r"[:：>]\s*$",
    re.IGNORECASE,
)
# Answering one of these would change the device: they are told apart from a plain password.
_NEW_PASSWORD = re.compile(
    r"\b(?:new|re-?type|re-?enter|repeat|confirm|verify|again|current|old|change|choose|neues"
    r"|nouveau|nueva|nova|nuova|новый)\b.{0,40}"
    rf"(?:{_SECRETS_BY_NAME}).{{0,30}}[:：>]\s*$|新(?:{_SECRETS_BY_SIGN}).{{0,30}}[:：>]\s*$",
    re.IGNORECASE,
)
# "Last login: Thu Dec 2" may be cut behind its colon.
_PAST = _any("(?:last|previous|letzte|dernière|última?|ultimo) (?:failed )?(?:log|anmeld|conn|acc)")
_SHELL = re.compile(r"(?:^|[\w\s@:~/\\\]).\-])[#$%>❯]\s{0,2}$")
_KEY = _any(
    r"press (?:any key|enter|return|<enter>|\[enter\]|the enter key)",
    r"hit (?:any key|enter|return)",
    r"taste drücken",
    r"appuyez sur",
    r"pulse una tecla",
)

_WHAT = (
    r"(?:log-?[io]n|user ?name|user ?id|user|account|password|passwd|credentials?|pin|name)"
    r"(?: (?:or|and|/) (?:user ?name|password|passwd))?"
)
_WRONG = (
    r"(?:incorrect|invalid|wrong|bad|illegal|unknown|not valid|not correct|fail(?:ed|ure)?|error"
    r"|denied|rejected|refused|unsuccessful)"
)
_REFUSED = _any(
    rf"\b{_WHAT} (?:is |are |was |has )?{_WRONG}\b",
    rf"\b{_WRONG} {_WHAT}\b",
    rf"\b(?:auth\w*|verification|sign-?in|access) (?:is |has )?{_WRONG}\b",
    r"\b(?:unable|failed) to (?:log ?[io]n|authenticate)",
    r"permission denied",
    r"not authori[sz]ed",
    r"no such (?:user|account|name)",
    r"user (?:does )?not (?:exist|found)",
    r"\b(?:passwords?|credentials) do(?:es)? not match",
    r"% ?(?:bad|login|authentication) \w+",
    r"log-?in timed? ?out",
    r"\b(?:please )?try again",
    r"^ ?sorry\b",
    r"anmeldung (?:ist )?(?:fehlgeschlagen|falsch|nicht)",
    r"(?:falsche[sr]?|ungültige[sr]?) (?:passwort|kennwort|benutzer)",
    r"(?:passwort|kennwort|benutzername) (?:ist )?(?:falsch|ungültig)",
    r"(?:zugriff|zugang) verweigert",
    r"(?:identifiant|mot de passe|utilisateur) (?:est )?(?:incorrecte?|invalide|erroné)",
    r"échec (?:de )?(?:la |l['’])?(?:connexion|identification|authentification)",
    r"accès (?:refusé|interdit)",
    r"(?:usuario|contraseña|clave|credenciales|acceso|autenticación) (?:\w+ )?"
    r"(?:incorrect[oa]s?|inválid[oa]s?|errónea|denegad[oa]|fallid[oa])",
    r"(?:usuário|senha|acesso|autenticação) (?:ou senha )?"
    r"(?:incorret[oa]s?|inválid[oa]s?|negad[oa]|falhou)",
    r"(?:accesso|utente|autenticazione|password) (?:negato|errat[ao]|non valid[ao]|fallit[ao])",
    r"(?:wachtwoord|aanmelding|inloggen|gebruikersnaam) (?:is )?(?:onjuist|mislukt|ongeldig|fout)",
    r"toegang geweigerd",
    r"fel(?:aktigt)? (?:lösenord|användarnamn)",
    r"(?:błędne|nieprawidłow[ey]) (?:hasło|login|dane)",
    r"odmowa dostępu",
    r"(?:chybné|nesprávné) (?:heslo|jméno)",
    r"přístup odepřen",
    r"(?:hibás|érvénytelen) (?:jelszó|felhasználónév)",
    r"(?:hatalı|yanlış|geçersiz) (?:şifre|parola|kullanıcı)",
    r"(?:неверн|неправильн)\w+ (?:логин|пароль|имя)",
    r"(?:ошибка (?:входа|авторизации|аутентификации)|отказано в доступе)",
    r"(?:密码|用户名|密碼|口令|认证|登录|登入|验证)(?:或密码)?(?:错误|錯誤|不正确|失败|失敗|无效)",
    r"(?:错误|无效|無效)的?(?:密码|用户名?)",
    r"(?:パスワード|ログイン|ユーザー?名|認証).{0,4}(?:違い|正しく|失敗|無効|誤)",
    r"(?:비밀번호|로그인|암호|인증).{0,4}(?:틀|실패|올바르지|잘못)",
)

_UNIT = r"(?:s|sec\w*|m|min\w*|h|hours?)\b"
_SHUT = r"(?:locked|blocked|banned|suspended|disabled|black-?listed)"
_LOCKED = _any(
    r"too many (?:\w+ ){0,3}(?:attempts?|failures?|logins?|tries|retries|times|errors?|passwords?)",
    r"\bmax(?:imum|\.)? (?:number of )?(?:\w+ )?(?:attempts?|tries|retries|failures)",
    r"(?:account|user|log-?ins?|address|ip|host|terminal|session|console|access) (?:\S+ )?"
    rf"(?:(?:is|has|was|been|now|are|temporarily|permanently) ){{0,4}}{_SHUT}\b",
    rf"(?:temporarily|currently) {_SHUT}",
    r"\blocked (?:out|for|until|due)",
    rf"(?:try|retry|wait|log ?in|again) (?:again )?(?:in|after|for|until) (?:\S+ )?\d+ ?{_UNIT}",
    rf"\bwait (?:\S+ )?\d+ ?{_UNIT}",
    r"try again later",
    r"\d+ (?:more )?(?:login )?(?:attempts?|tries|retries) (?:left|remain)",
    r"(?:attempts?|tries|retries) (?:left|remaining) ?[:=]? ?\d+",
    r"remaining (?:login )?(?:attempts?|tries|retries)",
    r"(?:konto|benutzer|zugang)\S* (?:ist |wurde )?(?:vorübergehend )?(?:gesperrt|blockiert)",
    r"zu viele (?:\S+ )?\w*versuche",
    r"trop de (?:tentatives|essais)",
    r"(?:compte|utilisateur|accès) (?:est )?(?:verrouillé|bloqué)",
    r"demasiados (?:intentos|errores)",
    r"(?:cuenta|usuario|conta|usuário) (?:est[áa] )?bloquead[oa]",
    r"muitas tentativas",
    r"troppi tentativi",
    r"te veel (?:\S+ )?pogingen",
    r"слишком много",
    r"(?:учетная запись|пользователь|аккаунт) (?:временно )?заблокирован",
    r"(?:账号|帐号|用户|账户|帳號|用戶|地址).{0,4}(?:锁定|鎖定|封锁)",
    r"(?:尝试|登录|错误).{0,3}次数.{0,3}(?:过多|超)",
    r"(?:アカウント|ユーザー?).{0,6}ロック",
    r"(?:계정|사용자).{0,4}잠",
)

_UNKNOWN_COMMAND = _any(
    r"(?:unknown|invalid|bad|unrecogni[sz]ed|illegal|undefined|unsupported|incorrect) "
    r"(?:command|input|cmd|keyword|instruction)",
    r"(?:command|cmd) (?:name )?(?:is )?(?:not found|unknown|not recogni[sz]ed|invalid|error)",
    r": not found$",
    r"^% ?(?:invalid|unknown|unrecognized)",
    r"expected end of command",
    r"^\W{0,3}syntax error",
    r"no such command",
    r"未知命令",
)
_IDLE = re.compile(
    r"(?:idle|time[- ]?out|timed out|inactiv\w+|disconnect\w*)[^.\r\n]{0,40}?"
    r"(?P<n>\d{1,5})\s*(?P<unit>s|sec\w*|m|min\w*)\b",
    re.IGNORECASE,
)


def plain(data: bytes) -> str:
    """The text as it stands on a screen: escapes removed, backspaces applied, lines by ``\\n``.

    Bytes are UTF-8 where they can be, else Latin-1, as old firmware writes.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return _without_backspaces(text) if "\b" in text or "\x7f" in text else text


def _without_backspaces(text: str) -> str:
    kept: list[str] = []
    for character in text:
        if character not in "\b\x7f":
            kept.append(character)
        elif kept and kept[-1] != "\n":
            kept.pop()
    return "".join(kept)


def prompt_of(text: str) -> Prompt:
    """What the last line of ``text`` asks for; a line ended by a newline asks for nothing."""
    last = text.rpartition("\n")[2]
    line = last.strip()
    if not line:
        return Prompt.KEY if _KEY.search(text[-300:]) else Prompt.NONE
    if _KEY.search(line):
        return Prompt.KEY
    if len(line) > LONGEST_PROMPT or _PAST.search(line):
        return Prompt.NONE
    for pattern, prompt in (
        (_NEW_PASSWORD, Prompt.NEW_PASSWORD),
        (_PASSWORD, Prompt.PASSWORD),
        (_LOGIN, Prompt.LOGIN),
    ):
        if pattern.search(line):
            return prompt
    return Prompt.SHELL if _SHELL.search(last) else Prompt.NONE


def refuses(text: str) -> bool:
    """Whether the device says that a login was wrong."""
    return _REFUSED.search(text) is not None


def locks(text: str) -> bool:
    """Whether the device speaks of a lock-out, a ban, or a wait before the next login."""
    return _LOCKED.search(text) is not None


def rejects_command(text: str) -> bool:
    """Whether a command line answers that it does not know a command."""
    return any(_UNKNOWN_COMMAND.search(line.strip()) for line in text.splitlines())


def idle_timeout(text: str) -> int | None:
    """Seconds of idleness after which the device says it hangs up; None when it says nothing."""
    match = _IDLE.search(text)
    if match is None:
        return None
    return int(match["n"]) * (60 if match["unit"].lower().startswith("m") else 1)
