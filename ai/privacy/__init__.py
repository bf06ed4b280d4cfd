"""Keeps personal data from leaving: it is found, replaced by tokens of the call, looked for once more, and put back.

masking = Masking(Known(names=["Ana Souza"], phones=["+5511987654321"]))
prompt = masking.mask(message)
masking.check(prompt)
answer = masking.unmask(await ask(prompt))
"""

from ai.privacy.masking import Masking, Preview, Shown, Unmasker
from ai.privacy.people import Known
from ai.privacy.recognising import recognise
from ai.privacy.residual import PersonalDataLeft
from ai.privacy.spans import Kind, Span

__all__ = ["Kind", "Known", "Masking", "PersonalDataLeft", "Preview", "Shown", "Span", "Unmasker", "recognise"]
