"""Routes of stages, schedules, scorecards, manifests and deployments."""

from __future__ import annotations

from django.urls import URLPattern, path

from checklists.views import deployments, manifests, scorecards, stages

PROJECT = "projects/<slug:slug>/"
RELEASE = "releases/<int:pk>/"
THERE = f"{RELEASE}deployment/<int:environment>/"

deployment_urls: list[URLPattern] = [
    path(f"{PROJECT}stages", stages.stages_page, name="stages"),
    path(f"{PROJECT}schedules/", stages.schedule_list, name="schedule-list"),
    path(f"{PROJECT}schedules/new", stages.schedule_add, name="schedule-add"),
    path(f"{PROJECT}schedules/<int:pk>/stop", stages.schedule_stop, name="schedule-stop"),
    path(f"{PROJECT}policies/<int:environment>/", deployments.policy, name="policy"),
    path(f"{RELEASE}stages", stages.release_stages, name="release-stages"),
    path(f"{RELEASE}scorecards/", scorecards.release_scorecards, name="release-scorecards"),
    path(f"{RELEASE}scorecards/new", scorecards.release_scorecard_register, name="release-scorecard-new"),
    path(f"{RELEASE}scorecards/<int:number>/", scorecards.release_scorecard, name="release-scorecard"),
    path(f"{RELEASE}manifests/", manifests.release_manifests, name="release-manifests"),
    path(f"{RELEASE}manifests/<int:number>/", manifests.release_manifest, name="release-manifest"),
    path(
        f"{RELEASE}manifests/for/<int:environment>",
        manifests.release_manifest_assemble,
        name="release-manifest-assemble",
    ),
    path(f"{RELEASE}plan/<int:environment>/", manifests.release_plan, name="release-plan"),
    path(THERE, deployments.release_deployment, name="release-deployment"),
    path(f"{THERE}decide", deployments.release_decide, name="release-decide"),
    path(f"{THERE}deploy", deployments.release_deploy, name="release-deploy"),
    path("deployments/<int:pk>/roll-out", deployments.deployment_roll_out, name="deployment-roll-out"),
    path("deployments/<int:pk>/roll-back", deployments.deployment_roll_back, name="deployment-roll-back"),
    path("decisions/<int:pk>/", deployments.decision, name="decision"),
]
