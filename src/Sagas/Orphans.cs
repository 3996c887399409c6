using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Sagas;

/// <summary>Entries of a contract that nobody here knows: kept, acknowledged, and what is unfinished is stopped.</summary>
internal static class Orphans
{
    public static async Task Keep(ConsumeContext<ExecutionReported> context)
    {
        var (records, report) = (context.GetPayload<IServiceProvider>().GetRequiredService<IContractRecords>(), context.Message);
        var entries = Facts.Convert(report, null);
        await records.Keep(report.ContractId, report.DeviceId, entries, context.CancellationToken);
        var stored = JournalIntake.Take(0, await records.Held(report.ContractId, report.DeviceId, 0, context.CancellationToken), []);
        var through = stored.Apply.Count > 0 ? stored.Apply[^1].Seq : 0;
        await context.Publish(new AcknowledgeJournal { ContractId = report.ContractId, DeviceId = report.DeviceId, ThroughSeq = through, Closed = false });
        if (report.Snapshot is { Status: not (Messages.ExecutionStatus.Completed or Messages.ExecutionStatus.Stopped or Messages.ExecutionStatus.Unknown) } shot)
        {
            await context.Publish(new SetDesired
            {
                ContractId = report.ContractId, DeviceId = report.DeviceId, ConnectionEpoch = report.ConnectionEpoch,
                Revision = shot.Revision, Intent = Intent.Stop, IntentVersion = shot.IntentVersion + 1,
            });
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
