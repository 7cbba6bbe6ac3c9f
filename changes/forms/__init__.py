"""The forms of a change: the application, the dialogs of its steps and the rows of its plan."""

from changes.forms.application import ApplicationForm
from changes.forms.assessment import AffectedForm, AnswerForm, QuestionnaireForm, VetoForm
from changes.forms.boards import DelegationForm, MeetingForm, RemarkForm, voters
from changes.forms.evidence import MeasurementForm, TestRunForm
from changes.forms.fields import AddressField, MomentField
from changes.forms.freezes import FreezeForm
from changes.forms.line import ReleaseForm, StopForm
from changes.forms.metrics import ChoiceForm
from changes.forms.parameters import GapFormSet, ParameterForm, ParameterFormSet
from changes.forms.plan import (
    CriterionForm,
    DocumentForm,
    FollowsForm,
    ItemForm,
    ManyForm,
    NewItemForm,
    OperationForm,
    PersonForm,
    RelationForm,
    RetireForm,
    RollbackStepForm,
    StageForm,
    TaskForm,
    TestCaseForm,
)
from changes.forms.steps import StepForm, VoteForm
from changes.forms.templates import RaiseForm, TemplateForm

__all__ = [
    "AddressField",
    "AffectedForm",
    "AnswerForm",
    "ApplicationForm",
    "ChoiceForm",
    "CriterionForm",
    "DelegationForm",
    "DocumentForm",
    "FollowsForm",
    "FreezeForm",
    "GapFormSet",
    "ItemForm",
    "ManyForm",
    "MeasurementForm",
    "MeetingForm",
    "MomentField",
    "NewItemForm",
    "OperationForm",
    "ParameterForm",
    "ParameterFormSet",
    "PersonForm",
    "QuestionnaireForm",
    "RaiseForm",
    "RelationForm",
    "ReleaseForm",
    "RemarkForm",
    "RetireForm",
    "RollbackStepForm",
    "StageForm",
    "StepForm",
    "StopForm",
    "TaskForm",
    "TemplateForm",
    "TestCaseForm",
    "TestRunForm",
    "VetoForm",
    "VoteForm",
    "voters",
]
