"""Login, logout, one's own password and account."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from portal.accounts import services
from portal.accounts.forms import LoginForm, PasswordForm
from portal.accounts.guards import AuthenticatedRequest, public, signed_in
from portal.accounts.lockout import is_locked, locked_page
from portal.accounts.models import User
from portal.accounts.passwords import is_expired
from portal.accounts.presenters import profile_of
from portal.accounts.proving import proved, until_locked
from portal.accounts.refusals import AccountRefusal, PasswordRefused
from portal.accounts.sessions import close_session, keep_session, open_portal_session


@public
@sensitive_post_parameters("password")
@never_cache
def login(request: Any) -> HttpResponse:
    """The login page; whoever is in already goes on."""
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(_onward(request))
        if request.session_ended:
            messages.warning(request, request.session_ended)
        return _login_page(request, LoginForm())
    form = LoginForm(request.POST)
    if not form.is_valid():
        return _login_page(request, form)
    return _try_login(request, form)


@transaction.atomic
def _try_login(request: Any, form: LoginForm) -> HttpResponse:
    staff_no: str = form.cleaned_data["staff_no"]
    user = proved(request, staff_no, form.cleaned_data["password"])
    if user is not None:
        open_portal_session(request, user)
        return HttpResponseRedirect(_onward(request))
    if is_locked(request, staff_no):
        return locked_page(request, None, {"staff_no": staff_no})
    form.add_error(
        "password",
        _("工号或密码不对，还可以再试 %(left)s 次，之后锁定 %(minutes)s 分钟。")
        % until_locked(request, staff_no),
    )
    return _login_page(request, form)


def _login_page(request: HttpRequest, form: LoginForm) -> HttpResponse:
    onward = request.POST.get("next") or request.GET.get("next", "")
    return render(request, "accounts/login.html", {"form": form, "next": onward})


def _onward(request: HttpRequest) -> str:
    """``next``, if it is a page of ours; else home."""
    onward = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        onward, {request.get_host()}, require_https=request.is_secure()
    )
    is_path = onward.startswith("/")
    return onward if is_ours and is_path else resolve_url(settings.LOGIN_REDIRECT_URL)


@public
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Leave; whoever is out already only sees the login page."""
    if request.user.is_authenticated:
        close_session(request, code="ASKED")
    return redirect(settings.LOGOUT_REDIRECT_URL)


@signed_in
@never_cache
def profile(request: AuthenticatedRequest) -> HttpResponse:
    """我的账户."""
    return render(
        request, "accounts/profile.html", {"profile": profile_of(request.user)}
    )


@signed_in
@sensitive_post_parameters("old", "new", "again")
@never_cache
def password_change(request: AuthenticatedRequest) -> HttpResponse:
    """Change one's own password, of one's own will or because it is due."""
    user = request.user
    if not user.has_usable_password():
        return redirect("accounts:profile")
    form = PasswordForm(request.POST or None)
    if form.is_valid():
        return _try_change(request, form)
    return _password_page(request, form)


def _password_page(request: AuthenticatedRequest, form: PasswordForm) -> HttpResponse:
    user = request.user
    context = {
        "form": form,
        "is_first": user.must_change_password,
        "is_expired": is_expired(user),
    }
    return render(request, "accounts/password_change.html", context)


@transaction.atomic
def _try_change(request: AuthenticatedRequest, form: PasswordForm) -> HttpResponse:
    """Guessing the old password is counted like guessing at the login page."""
    user = request.user
    staff_no = user.staff_no
    if proved(request, staff_no, form.cleaned_data["old"]) is None:
        if is_locked(request, staff_no):
            close_session(request, code="LOCKED")
            return locked_page(request, None, {"staff_no": staff_no})
        form.add_error(
            "old",
            _("现在的密码不对，还可以再试 %(left)s 次，之后锁定 %(minutes)s 分钟。")
            % until_locked(request, staff_no),
        )
    elif _has_changed(user, form):
        keep_session(request, User.objects.get(pk=user.pk))
        messages.success(request, _("密码已修改。"))
        return redirect(settings.LOGIN_REDIRECT_URL)
    return _password_page(request, form)


def _has_changed(user: User, form: PasswordForm) -> bool:
    old, new = form.cleaned_data["old"], form.cleaned_data["new"]
    try:
        services.change_password(user=user, old=old, new=new)
    except PasswordRefused as refusal:
        form.add_error("new", [str(problem) for problem in refusal.problems])
    except AccountRefusal as refusal:
        form.add_error(None, str(refusal.text))
    else:
        return True
    return False
