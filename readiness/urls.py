"""All routes: the app's pages, the API, sign-in, the read-only admin."""

from __future__ import annotations

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from checklists.api import root
from checklists.views import security, sso
from checklists.views.security import factor_page, password_page

handler500 = "checklists.views.errors.server_error"

# Who opens the admin signs in on the same page as everybody, under the same limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# Of allauth's pages only those in use: nobody signs up alone, and no mail is sent yet.
accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", account.signup, name="account_signup"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", password_page(account.password_change), name="account_change_password"),
    path("security/", security.page, name="security"),
    path("sso/", sso.login, name="sso-login"),
    path("sso/again/", sso.again, name="sso-again"),
    path("sso/go/", sso.go, name="sso-go"),
    path("sso/callback/", sso.callback, name="sso-callback"),
    path("sessions/end/", security.sessions_end, name="sessions-end"),
    path("sessions/<int:pk>/end/", security.session_end, name="session-end"),
]

# Second factors. allauth goes back to its own lists by name; ours is one page.
factors = [
    path("", RedirectView.as_view(pattern_name="security"), name="mfa_index"),
    path("passkeys/", RedirectView.as_view(pattern_name="security"), name="mfa_list_webauthn"),
    path("authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("app/add/", factor_page(totp.activate_totp), name="mfa_activate_totp"),
    path("app/remove/", factor_page(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("codes/", factor_page(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("codes/new/", factor_page(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("passkeys/add/", factor_page(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("passkeys/login/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("passkeys/reauthenticate/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("passkeys/<int:pk>/", factor_page(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", factor_page(webauthn.remove_webauthn), name="mfa_remove_webauthn"),
]

urlpatterns = [
    path("accounts/", include(accounts)),
    path("accounts/factors/", include(factors)),
    # The admin's own page asks for the password without a limit.
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
    path("api/v1/", root.urls),
    path("", include("checklists.urls")),
]
