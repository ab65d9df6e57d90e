"""The record of the demo's patient who signs in: signed notes and a consent."""

from accounts.models import User
from patients.choices import Channel, NoteKind, Purpose
from patients.models import Patient
from patients.services import (
    consent_give,
    consent_text_create,
    note_amend,
    note_draft,
    note_sign,
)

_TEXTS = {
    Purpose.MESSAGING: (
        "Autorizo a clínica a me enviar lembretes de consultas e orientações por mensagem. Posso"
        " retirar esta autorização a qualquer momento, sem prejuízo do meu tratamento."
    ),
    Purpose.IMAGE_USE: (
        "Autorizo o uso das minhas imagens, sem identificação, para fins de ensino. Posso retirar"
        " esta autorização a qualquer momento, sem prejuízo do meu tratamento."
    ),
}
_EVALUATION = {
    "subjective": "Dor lombar há três meses, EVA 6, piora ao ficar sentado e ao fim do dia.",
    "objective": "Flexão lombar limitada em 30%. Lasègue negativo bilateral. Força preservada.",
    "assessment": "Lombalgia mecânica sem sinais de alerta. Bom prognóstico.",
    "plan": "Duas sessões por semana por seis semanas: mobilização, exercícios e orientação.",
}
_EVOLUTION = {
    "subjective": "Refere melhora: EVA 4. Fez os exercícios em casa três vezes.",
    "objective": "Flexão lombar limitada em 15%.",
    "assessment": "Boa resposta à conduta.",
    "plan": "Progredir a carga dos exercícios.",
}
_CORRECTION = {"objective": "Flexão lombar limitada em 20%, e não em 15%: erro de registro."}


def record_load(*, patient: Patient, therapist: User) -> None:
    """Write the record, as the therapist and the reception would."""
    for kind, sections in ((NoteKind.EVALUATION, _EVALUATION), (NoteKind.EVOLUTION, _EVOLUTION)):
        draft = note_draft(acting_user=therapist, patient=patient, kind=kind, **sections)
        signed = note_sign(acting_user=therapist, note=draft)

    amendment = note_amend(acting_user=therapist, note=signed, **_CORRECTION)
    note_sign(acting_user=therapist, note=amendment)

    for purpose, body in _TEXTS.items():
        text = consent_text_create(acting_user=None, purpose=purpose, version="1", body=body)
        if purpose is Purpose.MESSAGING:
            consent_give(acting_user=None, patient=patient, text=text, channel=Channel.IN_PERSON)
