using System.Text.Json;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Architecture.Tests;

public sealed class When_a_wire_value_is_read
{
    [TestCase("PT30S", 30)]
    [TestCase("PT0S", 0)]
    [TestCase("PT0.5S", 0.5)]
    [TestCase("PT90S", 90, "PT1M30S")]
    [TestCase("PT25H", 90000, "P1DT1H")]
    [TestCase("P2D", 172800)]
    [TestCase("P1DT2H3M4.25S", 93784.25)]
    [TestCase("PT0.00000019S", 0.0000001, "PT0.0000001S")]
    public void Should_understand_a_duration(string text, double seconds, string? shortest = null)
    {
        var duration = DurationConverter.Parse(text);

        Assert.That(duration, Is.EqualTo(TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond))));
        Assert.That(DurationConverter.Format(duration), Is.EqualTo(shortest ?? text));
    }

    [TestCase("P1Y", "years, months or weeks")]
    [TestCase("P1M", "years, months or weeks")]
    [TestCase("P2W", "years, months or weeks")]
    [TestCase("P1MT1S", "years, months or weeks")]
    [TestCase("-PT5S", "negative")]
    [TestCase("PT-5S", "no ISO 8601 duration")]
    [TestCase("P", "no ISO 8601 duration")]
    [TestCase("PT", "no ISO 8601 duration")]
    [TestCase("P1DT", "no ISO 8601 duration")]
    [TestCase("PT1S\n", "no ISO 8601 duration")]
    [TestCase("pt1s", "no ISO 8601 duration")]
    [TestCase("00:00:30", "no ISO 8601 duration")]
    [TestCase("", "no ISO 8601 duration")]
    [TestCase("P999999999999999D", "longer than a duration can be")]
    [TestCase("P9999999999999999999999999999999D", "no ISO 8601 duration")]
    public void Should_refuse_another_duration(string text, string complaint) =>
        Assert.That(() => DurationConverter.Parse(text), Throws.TypeOf<JsonException>().With.Message.Contains(complaint));

    [Test]
    public void Should_not_write_a_negative_duration() =>
        Assert.Throws<JsonException>(() => DurationConverter.Format(TimeSpan.FromTicks(-1)));

    [TestCase("2026-11-24T09:03:12Z")]
    [TestCase("2026-11-24T09:03:12.5Z")]
    [TestCase("2026-11-24T09:03:12.1234567Z")]
    [TestCase("2026-11-24T09:03:12.000Z", "2026-11-24T09:03:12Z")]
    [TestCase("2026-11-24T09:03:12.123456789Z", "2026-11-24T09:03:12.1234567Z")]
    public void Should_understand_an_instant(string text, string? shortest = null)
    {
        var instant = InstantConverter.Parse(text);

        Assert.That(instant.Offset, Is.EqualTo(TimeSpan.Zero));
        Assert.That(InstantConverter.Format(instant), Is.EqualTo(shortest ?? text));
    }

    [Test]
    public void Should_write_an_instant_in_utc() =>
        Assert.That(
            InstantConverter.Format(new DateTimeOffset(2026, 11, 24, 10, 3, 12, TimeSpan.FromHours(1))),
            Is.EqualTo("2026-11-24T09:03:12Z"));

    [TestCase("2026-11-24T09:03:12")]
    [TestCase("2026-11-24T10:03:12+01:00")]
    [TestCase("2026-11-24 09:03:12Z")]
    [TestCase("2026-11-24T09:03Z")]
    [TestCase("2026-13-24T09:03:12Z")]
    [TestCase("2026-11-24T09:03:12.Z")]
    [TestCase("2026-11-24T09:03:121Z")]
    [TestCase("2026-11-24T09:03:12z")]
    [TestCase("2026-11-24T09:03:12Z\n")]
    [TestCase("1764147792")]
    [TestCase("")]
    public void Should_refuse_another_instant(string text) =>
        Assert.That(() => InstantConverter.Parse(text), Throws.TypeOf<JsonException>().With.Message.Contains("in UTC"));

    [Test]
    public void Should_name_the_allowed_words([Values("\"Run\"", "\"pause\"", "\"0\"", "0", "null")] string json) =>
        Assert.That(
            () => JsonSerializer.Deserialize<Intent>(json),
            Throws.TypeOf<JsonException>().With.Message.Contains("run, hold, stop"));

    [Test]
    public void Should_read_every_word_of_the_specification()
    {
        Assert.That(Words<ContractStatus>(), Is.EqualTo(
            "preparing awaitingConnection pushing live projected reconciled recovering held escalated stopping completed cancelled aborted reassigned"));
        Assert.That(Words<TransitionCause>(), Is.EqualTo(
            "submitted dataComplete connectionConfirmed connectionLost accepted actualsComplete nothingToReplan planKept revisionAccepted completed failure decided withdrawn holdRequested resumed holdEnded cancelRequested stoppedStill attested fallback lateEvidence duplicateExecution journalApplied"));
        Assert.That(Words<FailureKind>(), Is.EqualTo(
            "dataUnavailable deviceUnreachable contractRejected acceptTimeout stalled actionFailed actionTimeout deviceFault scopeViolated windowMissed offlineTooLong reconciliationTimeout replanFailed holdTooLong"));
        Assert.That(Words<ExecutionStatus>(), Is.EqualTo("waiting executing paused failed completed stopped unknown"));
        Assert.That(Words<ActionStatus>(), Is.EqualTo("waiting initializing running paused finished failed"));
        Assert.That(Words<RecoveryStrategy>(), Is.EqualTo("retry reassign escalate hold abort"));
        Assert.That(Words<RetryFrom>(), Is.EqualTo("remaining all"));
        Assert.That(Words<Certainty>(), Is.EqualTo("confirmed projected inconclusive"));
        Assert.That(Words<DesiredResult>(), Is.EqualTo("done refused unknownContract"));
        Assert.That(Words<DisconnectReason>(), Is.EqualTo("clean lost"));
        Assert.That(Words<EvidenceKind>(), Is.EqualTo("journal snapshot"));
        Assert.That(Words<LeaseKind>(), Is.EqualTo("enforced none"));
        Assert.That(Words<OutcomeEvidence>(), Is.EqualTo("device operator leaseEnd"));
        Assert.That(Words<DivergenceLevel>(), Is.EqualTo("consistent minor major undetermined"));
        Assert.That(Words<DivergenceMeasure>(), Is.EqualTo("flow time space data"));
        Assert.That(Words<ReplanReason>(), Is.EqualTo("divergence windowAtRisk outdated lateEvidence"));

        static string Words<T>()
            where T : struct, Enum => string.Join(' ', Enum.GetValues<T>().Select(WordConverter<T>.Format));
    }
}
