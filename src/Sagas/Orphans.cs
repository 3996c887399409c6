using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Sagas;

/// <summary>Entries of a contract that nobody here knows: kept, acknowledged, and what is unfinished is stopped.</summary>
public static class Orphans
{
    /// <summary>What a contract that is created meanwhile may change its intent, before the device's word on the stop reaches it.</summary>
    private const long Ahead = 1 << 20;

    /// <summary>The stop of what a device holds and nobody here knows. A contract of that id may be created while the stop is
    /// under way, and counts its intents from 1: the stop goes far above, so that no version means two intents.</summary>
    /// <param name="intentVersion">The newest one that the device has.</param>
    public static SetDesired Stop(Guid contractId, string deviceId, long connectionEpoch, int revision, long intentVersion) => new()
    {
        ContractId = contractId, DeviceId = deviceId, ConnectionEpoch = connectionEpoch,
        Revision = revision, Intent = Intent.Stop, IntentVersion = intentVersion + Ahead,
    };

    internal static async Task Keep(ConsumeContext<ExecutionReported> context)
    {
        var (records, report) = (context.GetPayload<IServiceProvider>().GetRequiredService<IContractRecords>(), context.Message);
        var entries = Facts.Convert(report, null);
        await records.Keep(report.ContractId, report.DeviceId, entries, context.CancellationToken);
        var stored = JournalIntake.Take(0, await records.Held(report.ContractId, report.DeviceId, 0, context.CancellationToken), []);
        var through = stored.Apply.Count > 0 ? stored.Apply[^1].Seq : 0;
        await context.Publish(new AcknowledgeJournal { ContractId = report.ContractId, DeviceId = report.DeviceId, ThroughSeq = through, Closed = false });
        if (report.Snapshot is { Status: not (Messages.ExecutionStatus.Completed or Messages.ExecutionStatus.Stopped or Messages.ExecutionStatus.Unknown) } shot)
        {
            await context.Publish(Stop(report.ContractId, report.DeviceId, report.ConnectionEpoch, shot.Revision, shot.IntentVersion));
        }
        else if (report.Snapshot is null && report.Entries.LastOrDefault() is { Type: not (EntryTypes.Completed or EntryTypes.Stopped) })
        {
            // Only a snapshot tells which intent the stop has to outrank.
            await context.Publish(new RequestReport
            {
                ContractId = report.ContractId, DeviceId = report.DeviceId, ConnectionEpoch = report.ConnectionEpoch,
                ReportId = context.GetPayload<IServiceProvider>().GetRequiredService<NewGuid>()(), FromSeq = through + 1,
            });
        }
    }
}
