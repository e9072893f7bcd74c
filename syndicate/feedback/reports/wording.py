"""How servers word bounces and auto-replies, and people the wish to leave, in many languages.

No pattern has a quantifier in a quantifier, so none is slow on a text made for that.
"""

import re


def _any(*phrases: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE | flags)


BOUNCE_SENDER = _any(r"^(?:mailer-?daemon|mail-?daemon|mdaemon)\b")
BOUNCE_POSTMASTER = _any(r"^(?:post[-_]?master|mail-?system|mailer|bounces?)\b")
"""Of others than servers as well, so something else has to say that it is a bounce."""
BOUNCE_SUBJECT = _any(
    r"undeliver|not (?:be )?deliver|non-?deliver|returned? (?:mail|message|to sender)",
    r"(?:mail|message) returned|delivery (?:has failed|incomplete)",
    r"delivery(?: status)? (?:notification|failure|failed|error|problem|report)",
    r"(?:failed|failure|problem|error|unable)[ \w]{0,12} deliver",
    r"mail (?:system )?(?:delivery )?(?:error|failure|failed)|failure notice|message not sent",
    r"could(?: not|n.t) (?:be )?(?:deliver|sen[dt])|permanent error|bounced? (?:mail|message)",
    r"user unknown|no such user|mail (?:delivery )?status|message delivery|rejected mail",
    r"mailbox (?:full|unavailable)|cannot send message",
    r"unzustellbar|nicht zugestellt|zustell\w{0,9} (?:fehlgeschlagen|nicht)|sendung fehlgeschlagen",
    r"non remis|non distribu|.chec (?:de|d.)|revenu en erreur|retourn. . l.exp",
    r"no (?:se ha )?(?:podido )?entreg|no se puede entregar|devuelto|devolvid|n.o (?:foi )?entreg",
    r"mancata consegna|non (?:recapit|consegn)|impossibile recapitare",
    r"onbestelbaar|niet (?:bezorgd|afgeleverd)|nie dostarczono|niedostarcz|zwrot do nadawcy",
    r"teslim edileme|iletileme|gönderileme|недоставл|не (?:было )?доставлен|невозможно доставить",
    r"配[信送](?:不能|失敗|エラー|できません)|送信(?:エラー|失敗|できません)|メールエラー|エラー通知|宛先不明",
    r"退信|退回|投递失败|반송|전송 실패|تعذر|لم يتم تسليم",
)
TRYING = _any(
    r"not yet been delivered|warning message only|(?:do not|don.t) need to re-?send",
    r"no action is required|will (?:be retried|keep trying|retry|be attempted again)",
    r"will continue (?:to try|to be (?:made|attempted)|trying)|only a temporary failure",
    r"still (?:be(?:ing)? )?(?:trying|attempt)|delivery (?:attempts )?(?:will continue|is delayed)",
    r"has been delayed|sera (?:de nouveau|encore) tent|weiter(?:hin)? versucht|再送を(?:試み|行い)",
)
"""The server has not given up."""
DELAYED = _any(r"\bdelayed|\bwarning\b|verz.ger|retard.|遅延")
FOR_GOOD = _any(r"no such|unknown|permanent|fatal|n.t exist|not exist|given up|giving up")
REJECTED = _any(r"was automatically rejected|automatisch abgelehnt|rejet. automatiquement")
"""In a read receipt: then it is a refusal."""
SEPARATOR = _any(
    r"^[ \t>|]{0,8}[-*=_]{2,}.{0,60}\b(?:original|copy|headers?|unsent|returned|message text)\b.*$",
    r"^.{0,40}\b(?:original|returned|unsent|copy of the|text of the|headers? of the)\b.{0,20}"
    r"\b(?:message|mail)\b.{0,30}\b(?:follows|below|following)\b[^\n]{0,20}$",
    r"^.{0,30}\bbelow is a copy of\b.*$|^(?:original )?message headers?(?: follows?)?[:.]\s*$",
    flags=re.MULTILINE,
)
"""The line before the message that came back."""
CODES = _any(
    r"(?<![\w.])[45]\d\d[ -]{1,3}[#(\[]{0,2}[45]\.\d{1,3}\.\d{1,3}\b", r"#[45]\.\d{1,3}\.\d{1,3}\b"
)
"""A reply code with an enhanced status, or qmail's (#5.1.1)."""
REPLY = _any(
    r"(?:^|said|says|response|reply|returned|reason|error|code|<<<|:|\()[ :='\"]{0,4}"
    r"[45]\d\d(?=[ :;,)-])",
    r"^technical details of \w{1,20} failure",
    r"(?:^[ \t-]{0,8}|\b(?:status|dsn|error)[ :=(#]{1,4})[45]\.[0-7]\.\d{1,3}\b",
    flags=re.MULTILINE,
)
FAILURE = _any(
    r"unknown|no such|not (?:found|exist|a valid|listed|known)|n.t exist|invalid|disabled",
    r"inactive|suspended|expirado|quota|mailbox.{0,20}full|full mailbox|over ?limit|exceed",
    r"reject|refuse",
    r"denied|blocked|spam|timed? ?out|expired|unreachable|cannot|could not|couldn.t|unable",
    r"fail|error|permanent|no mailbox|unrouteable|undeliver|unbekannt|postfach.{0,20}voll",
    r"inconnu|pleine|desconocid|llen[oa]\b|sconosciut|pien[oa]\b|onbekend|nieznany|bilinmiyor",
    r"一杯|存在し|見つかり|エラー|いません|できません|неизвест|не существует|不存在|존재하지",
)
AUTO_REPLY_SUBJECT = _any(
    r"auto(?:matic|mated)?[- ]?(?:reply|response|responder|acknowledgement)\b|auto: ",
    r"(?:i.?a?m )?(?:currently )?out of (?:the )?office|(?:on|annual) (?:vacation|leave)\b",
    r"away from (?:the |my )?(?:office|mail|desk)|vacation (?:reply|message|notice)",
    r"thank you for (?:your (?:e-?mail|message|mail)|contacting)",
    r"automatische?r? (?:antwort|r.ckantwort|abwesenheit)|abwesenheit|(?:ich bin )?im urlaub",
    r"r.ponse automatique|(?:absence|absent)(?: du|e? de|$| )|message d.absence",
    r"respuesta autom.tica|fuera de (?:la )?oficina|ausente |estoy de vacaciones",
    r"resposta autom.tica|fora do escrit.rio|aus.ncia ",
    r"risposta automatica|fuori (?:sede|ufficio)|assenza |sono in ferie",
    r"automatische? (?:antwoord|reactie|beantwoord)|afwezig",
    r"automatyczna odpowied|odpowied. automatyczna|poza biurem|nieobecno",
    r"otomatik (?:yan.t|cevap)|ofis d...nda|автоответ|автоматический ответ|нет на месте",
    r"自動(?:返信|応答|回复|回覆)|自动(?:回复|答复)|不在(?:通知|の|に|連絡)|休暇",
    r"자동 ?(?:회신|응답)|부재|الرد التلقائي|رد تلقائي|خارج المكتب|autosvar|automaattinen vastaus",
    r"(?:read|return receipt|gelesen|lu|leído|letto|gelezen|lida|przeczytano|開封済み) ?: ",
    r"not read: ",
)
"""At the beginning of a subject, perhaps after "Re:"."""
CHALLENGE = _any(
    r"please (?:confirm|verify) your (?:e-?mail|message|identity)|confirm your message",
    r"(?:verification|confirmation|authori[sz]ation) (?:is )?required|verify#",
    r"requires? (?:your )?(?:verification|confirmation|authori[sz]ation)",
    r"awaiting your (?:confirmation|verification)|challenge/response|whitelist request",
    r"antispam uol|spamarrest|best.tigen sie ihre nachricht",
    r"confirmez votre (?:message|envoi)",
)
REPLY_PREFIX = _any(r"(?:re|aw|sv|vs|antw|odp|ynt|rép|r|fwd?|wg|tr) ?: ?")
"""What people's programs put before a subject; no server that reports does."""
SENT_FROM = _any(
    r"sent (?:from|with|via) |get outlook for|gesendet (?:von|mit)|von meinem ",
    r"envoyé (?:de|depuis|avec) |enviado (?:desde|do) |inviato da|verstuurd vanaf|wysłane z ",
    r"iphone'umdan|iphoneから送信|androidから送信",
)
"""How the signature begins that a telephone adds."""
UNSUBSCRIBE = _any(
    r"unsubscribe|opt[- ]?out|remove|stop|abmelden|abbestellen|abmeldung|austragen",
    r"(?:se |me )?d[ée]sabonner|d[ée]sabonnement|(?:se |me )?d[ée]sinscrire|d[ée]sinscription",
    r"dar(?:se|me)? de baja|baja|cancelar(?: la)?(?: suscripci[óo]n)?|desuscribir(?:me)?",
    r"cancelar (?:a )?(?:inscri[çc][ãa]o|assinatura)|descadastrar|remover",
    r"disiscriv(?:iti|imi|ermi)|disiscrizione|cancella(?:mi)?|annulla (?:l.)?iscrizione",
    r"uitschrijven|afmelden|wypisz(?: mnie)?|rezygnuj[ęe]|anuluj subskrypcj[ęe]",
    r"abonelikten ..k|aboneli.i iptal(?: et)?|iptal|配信停止|購読解除|登録解除|退会|解除",
    r"إلغاء الاشتراك|отписаться|отписка",
)
"""The whole of a subject, or of a letter."""
